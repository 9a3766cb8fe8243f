import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeLists, walk } from '../../src/serve/weekly/walk.js';

/** Connections [one, other, day] as the lists that Postgres sends, in hexadecimal digits. */
const listsOf = (edges: readonly (readonly [number, number, number])[]): Map<number, string> => {
  const entries = new Map<number, [number, number][]>();
  for (const [one, other, day] of edges) {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const)
      entries.set(from, [...(entries.get(from) ?? []), [to, day]]);
  }
  return new Map(
    [...entries].map(([user_key, list]) => {
      const bytes = Buffer.alloc((list.length + 1) * 8);
      bytes.writeInt32BE(user_key, 0);
      bytes.writeInt32BE(list.length, 4);
      list
        .sort(([one], [other]) => one - other)
        .forEach(([key, day], place) => {
          bytes.writeInt32BE(key, place * 8 + 8);
          bytes.writeInt32BE(day, place * 8 + 12);
        });
      return [user_key, bytes.toString('hex')];
    }),
  );
};

const walkFrom = (viewer: number, lists: ReadonlyMap<number, string>, partners: readonly number[]) => {
  const digits = [viewer, ...partners].map((key) => lists.get(key) ?? '').join('');
  return walk(viewer, new Map(decodeLists(`\\x${digits}`)));
};

test('everybody at distance 2 is found, with all paths and the first one, in any graph', () => {
  const key = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(65_537, 2_147_483_647));
  // Days before the year 1 are negative.
  const graph = fc.uniqueArray(fc.tuple(key, key, fc.integer({ min: -3, max: 739_000 })), {
    selector: ([one, other]) => `${Math.min(one, other)} ${Math.max(one, other)}`,
    maxLength: 60,
  });
  fc.assert(
    fc.property(graph, (drawn) => {
      const edges = drawn.filter(([one, other]) => one !== other);
      const near = (user: number) =>
        edges.flatMap(([one, other, day]) =>
          one === user ? [[other, day] as const] : other === user ? [[one, day] as const] : [],
        );
      const friends = new Map(near(1));
      const expected = new Map<number, [count: number, day: number, friend: number]>();
      for (const [friend, since] of [...friends].sort(([one], [other]) => one - other)) {
        for (const [user, day] of near(friend)) {
          if (user === 1 || friends.has(user)) continue;
          const reached = Math.max(since, day);
          const [count, first, over] = expected.get(user) ?? [0, Number.POSITIVE_INFINITY, 0];
          expected.set(user, reached < first ? [count + 1, reached, friend] : [count + 1, first, over]);
        }
      }
      const around = walkFrom(1, listsOf(edges), [...friends.keys()]);
      expect(new Map(around.friends.map(({ userKey, since }) => [userKey, since]))).toEqual(friends);
      const found = around.strangers.select(() => true);
      expect(
        new Map(
          found.map(({ userKey, mutualCount, reachedOn, friendKey }) => [
            userKey,
            [mutualCount, reachedOn, friendKey],
          ]),
        ),
      ).toEqual(expected);
      for (const { userKey, mutualCount } of found) {
        const mutuals = around.mutuals(userKey);
        expect(mutuals.length).toBe(mutualCount);
        expect(mutuals.every((one, place) => one.since >= (mutuals[place - 1]?.since ?? one.since))).toBe(
          true,
        );
      }
      const counted = around.strangers.byMutuals.reduce((sum, many) => sum + (many ?? 0), 0);
      expect(counted).toBe(expected.size);
    }),
    { numRuns: 300 },
  );
});

test('a walk leaves nothing behind for the next one', () => {
  const lists = listsOf([
    [1, 2, 10],
    [2, 3, 11],
    [4, 5, 12],
    [5, 6, 13],
  ]);
  const first = walkFrom(1, lists, [2]).strangers;
  const second = walkFrom(4, lists, [5]).strangers;
  const keysOf = (strangers: typeof first) => strangers.select(() => true).map(({ userKey }) => userKey);
  expect(keysOf(second)).toEqual([6]);
  expect(keysOf(first)).toEqual([3]);
  expect(keysOf(walkFrom(9, lists, []).strangers)).toEqual([]);
});
