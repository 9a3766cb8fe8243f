import type { Context } from './context.js';
import { type Around, type Friend, type Stranger, type Strangers, walk } from './walk.js';

/** A new partner. */
export interface NewFirstDegree {
  readonly user_id: string;
  readonly name: string;
  readonly last_tap_at: string;
}

/** A friend of a friend who is new. */
export interface NewSecondDegree {
  readonly user_id: string;
  readonly name: string;
  readonly connected_via: string | null;
}

/** Somebody to meet. */
export interface Recommendation {
  readonly user_id: string;
  readonly name: string;
  readonly scores: {
    readonly total: number;
    readonly mutuals: number;
    readonly recency: number;
    readonly geo: number;
  };
  readonly mutuals: string[];
  readonly explain: string;
}

/** A row of sql/api/name.sql. */
interface Named extends Record<string, unknown> {
  readonly user_key: number;
  readonly user_id: string;
  readonly name: string | null;
}

/** A row of sql/api/recommendation.sql. */
interface Candidate extends Record<string, unknown> {
  readonly user_key: number;
  readonly user_id: string;
  readonly name: string;
  readonly mutual_count: number;
  readonly total: number;
  readonly mutuals: number;
  readonly recency: number;
  readonly geo: number;
  readonly explain: string;
}

/** How many friends of friends the recap names, the latest first; the number of the week is exact. */
const namedStrangers = 100;
/** At most so many names of mutual connections. */
const mutualNames = 6;
/** So many more than are wanted are looked up at first: some may have opted out. */
const spare = 20;

/** Around the viewer. */
interface Degrees {
  readonly first: NewFirstDegree[];
  readonly second: NewSecondDegree[];
  readonly recommendations: Recommendation[];
}

/**
 * Who is new among partners (from `start` to `last` in the viewer's zone) and their friends (from `start` on), and whom
 * to recommend: all from the lists of the viewer and of the partners, as sql/api/momentum.sql gives them.
 */
export const readDegrees = async (
  context: Context,
  friendLists: string | null,
  start: string,
  last: string,
): Promise<Degrees> => {
  const { watermark, viewer } = context;
  if (viewer.key === null || friendLists === null) return { first: [], second: [], recommendations: [] };
  const around = walk(viewer.key, friendLists);
  const [first, best] = await Promise.all([
    readNewFriends(context, around.friends, viewer.key, start, last),
    watermark.as_of_day === null ? [] : readBest(context, around.strangers, watermark.as_of_day),
  ]);
  const [second, recommendations] =
    watermark.as_of_day === null ? [[], []] : await name(context, around, dayNumber(start), best);
  return { first, second, recommendations };
};

/** Partners whose first tap ever with the viewer is on a day of the window in the viewer's zone, the latest first. */
const readNewFriends = async (
  { reading, watermark }: Context,
  friends: readonly Friend[],
  viewerKey: number,
  start: string,
  last: string,
): Promise<NewFirstDegree[]> => {
  // Two zones differ by two days at most.
  const [from, to] = [dayNumber(start) - 2, dayNumber(last) + 2];
  const fresh = friends.filter(({ since }) => since >= from && since <= to).map(({ userKey }) => userKey);
  return fresh.length === 0
    ? []
    : reading.query<NewFirstDegree & Record<string, unknown>>('first_degree_new', [
        viewerKey,
        start,
        last,
        watermark.viewer_zone,
        integers(fresh),
      ]);
};

/** The best to recommend. */
const readBest = async (
  { reading, viewer, serve }: Context,
  { byMutuals, select }: Strangers,
  asOf: string,
): Promise<Candidate[]> => {
  const { weights, minMutuals, maxResults, maxDays, maxKm, blocklist } = serve.recommendation;
  const score = async (asked: readonly Stranger[], bar: number): Promise<Candidate[]> =>
    asked.length === 0
      ? []
      : reading.query<Candidate>('recommendation', [
          integers(asked.map(({ userKey }) => userKey)),
          integers(asked.map(({ mutualCount }) => mutualCount)),
          maxResults,
          asOf,
          viewer.userId,
          weights.mutuals,
          weights.recency,
          maxDays,
          weights.geo,
          maxKm,
          blocklist.join(','),
          bar,
        ]);
  // What is known of a candidate is looked up one by one, so those with the most mutual connections are scored first,
  // and of the others only who could be among the best with all points that are not known yet.
  const enough = leastOf(byMutuals, maxResults + spare, minMutuals);
  const first = await score(
    select((mutualCount) => mutualCount >= enough),
    0,
  );
  const bar = first.length < maxResults ? 0 : (first.at(-1)?.total ?? 0);
  const unknown = weights.recency + (viewer.home === null ? 0 : weights.geo);
  // Totals are rounded to six decimals.
  const couldBeBest = (mutualCount: number): boolean =>
    weights.mutuals * (1 - Math.exp(-mutualCount / 8)) + unknown >= bar - 1e-6;
  const others = await score(
    select((mutualCount) => mutualCount >= minMutuals && mutualCount < enough && couldBeBest(mutualCount)),
    bar,
  );
  return [...first, ...others]
    .sort(
      (one, other) =>
        other.total - one.total ||
        other.mutual_count - one.mutual_count ||
        (one.user_id < other.user_id ? -1 : 1),
    )
    .slice(0, maxResults);
};

/** The number of mutual connections that at least `wanted` strangers have, but no less than `least`. */
const leastOf = (byMutuals: readonly number[], wanted: number, least: number): number => {
  let found = 0;
  for (let mutuals = byMutuals.length - 1; mutuals > least; mutuals -= 1) {
    found += byMutuals[mutuals] ?? 0;
    if (found >= wanted) return mutuals;
  }
  return least;
};

/**
 * Names who came to distance 2 from the day `start` on, the latest first, and the mutual connections of those to
 * recommend.
 */
const name = async (
  { reading }: Context,
  { strangers, mutuals }: Around,
  start: number,
  best: readonly Candidate[],
): Promise<[NewSecondDegree[], Recommendation[]]> => {
  const fresh = strangers
    .select((_, reachedOn) => reachedOn >= start)
    .sort((one, other) => other.reachedOn - one.reachedOn);
  const recommended = best.map((candidate) => ({ candidate, friends: mutuals(candidate.user_key) }));
  // Those of one day are in the order of their ids, which are not known here: a day is asked for as a whole.
  const latest = firstDays(fresh, namedStrangers + spare, ({ reachedOn }) => reachedOn);
  const oldest = recommended.map(({ friends }) => firstDays(friends, mutualNames, ({ since }) => since));
  const names = new Map<number, Named>();
  const look = async (keys: readonly number[]): Promise<void> => {
    const unknown = new Set(keys.filter((key) => !names.has(key)));
    if (unknown.size === 0) return;
    for (const row of await reading.query<Named>('name', [integers([...unknown])]))
      names.set(row.user_key, row);
  };
  const keysOf = ({ userKey, friendKey }: Stranger) => [userKey, friendKey];
  await look([...latest.flatMap(keysOf), ...oldest.flat().map(({ userKey }) => userKey)]);
  // So many opted out that some are wanting: all are asked for.
  const isShort = (wanted: number, asked: readonly { userKey: number }[], all: readonly unknown[]): boolean =>
    asked.length < all.length && asked.filter(({ userKey }) => names.get(userKey)?.name).length < wanted;
  const short = recommended.filter(({ friends }, place) =>
    isShort(mutualNames, oldest[place] ?? [], friends),
  );
  await look([
    ...(isShort(namedStrangers, latest, fresh) ? fresh.flatMap(keysOf) : []),
    ...short.flatMap(({ friends }) => friends.map(({ userKey }) => userKey)),
  ]);
  return [
    named(fresh, names, (one, other) => other.reachedOn - one.reachedOn)
      .slice(0, namedStrangers)
      .map(({ friendKey, who }) => ({
        user_id: who.user_id,
        name: who.name ?? '',
        connected_via: names.get(friendKey)?.name ?? null,
      })),
    recommended.map(({ candidate, friends }) => {
      const { user_id, name: called, total, mutuals: mutualScore, recency, geo, explain } = candidate;
      return {
        user_id,
        name: called,
        scores: { total, mutuals: mutualScore, recency, geo },
        mutuals: named(friends, names, (one, other) => one.since - other.since)
          .flatMap(({ who }) => who.name ?? [])
          .slice(0, mutualNames),
        explain,
      };
    }),
  ];
};

/** The first `wanted` of what is in the order of days, and all others of the last one's day. */
const firstDays = <Item>(items: readonly Item[], wanted: number, dayOf: (item: Item) => number): Item[] => {
  const last = items[wanted - 1];
  if (last === undefined) return [...items];
  const next = items.findIndex((item, place) => place >= wanted && dayOf(item) !== dayOf(last));
  return items.slice(0, next === -1 ? items.length : next);
};

/** Those who have a name to show, in the order of `compare`, then of their ids. */
const named = <Item extends { readonly userKey: number }>(
  items: readonly Item[],
  names: ReadonlyMap<number, Named>,
  compare: (one: Item, other: Item) => number,
): (Item & { readonly who: Named })[] =>
  items
    .flatMap((item) => {
      const who = names.get(item.userKey);
      return who === undefined ? [] : [{ ...item, who }];
    })
    .sort((one, other) => compare(one, other) || (one.who.user_id < other.who.user_id ? -1 : 1));

const dayMs = 86_400_000;
const firstDay = Date.parse('0001-01-01T00:00:00Z');

/** Days since 0001-01-01. */
const dayNumber = (day: string): number => (Date.parse(`${day}T00:00:00Z`) - firstDay) / dayMs;

/** An array as Postgres reads it. */
const integers = (values: readonly number[]): string => `{${values.join(',')}}`;
