/** A partner. */
export interface Friend {
  readonly userKey: number;
  /** Days since 0001-01-01 of their first tap with the viewer. */
  readonly since: number;
}

/** Somebody at distance 2. */
export interface Stranger {
  readonly userKey: number;
  readonly mutualCount: number;
  /** Days since 0001-01-01 when the first path to them was complete. */
  readonly reachedOn: number;
  /** The friend of that path; of several paths of that day the friend with the smallest key. */
  readonly friendKey: number;
}

/** Everybody at distance 2. */
export interface Strangers {
  /** How many of them have each number of mutual connections. */
  readonly byMutuals: readonly number[];
  /** Those for whom `isWanted` says so. */
  select(isWanted: (mutualCount: number, reachedOn: number) => boolean): Stranger[];
}

/** Who is around the viewer. */
export interface Around {
  /** In the order of their keys. */
  readonly friends: readonly Friend[];
  readonly strangers: Strangers;
  /** The partners over whom a stranger is reached, the oldest connection of the viewer first. */
  mutuals(strangerKey: number): Friend[];
}

/**
 * The viewer's partners and everybody at distance exactly 2. `lists`: the viewer's and those of all partners, as
 * sql/api/momentum.sql sends them: hexadecimal digits after \x.
 *
 * Here and not in SQL: Postgres takes some 3 ms to hash the 5,300 paths of 73 partners who have as many, this 0.3. An
 * object for each path or stranger would take most of it again.
 */
export const walk = (viewerKey: number, lists: string): Around => {
  const { numbers, spans } = decode(lists);
  const own = spans.get(viewerKey) ?? [0, 0];
  // A hash table of users: key (0: free; keys begin with 1), paths, day of the first one, its friend.
  const bits = Math.max(4, Math.ceil(Math.log2(numbers.length + 1)));
  const table = emptyTable(2 ** bits * width);
  const last = table.length - 1;
  const slotOf = (userKey: number): number => {
    let slot = (Math.imul(userKey, 0x9e3779b1) >>> (32 - bits)) * width;
    while (table[slot] !== userKey && table[slot] !== 0) slot = (slot + width) & last;
    return slot;
  };
  // In the order of their keys: of several paths of one day the first is that over the smallest.
  for (let at = own[0]; at < own[1]; at += 2) {
    const friendKey = numbers[at] as number;
    const since = numbers[at + 1] as number;
    const span = spans.get(friendKey);
    if (span === undefined) continue;
    for (let entry = span[0]; entry < span[1]; entry += 2) {
      const userKey = numbers[entry] as number;
      const entered = numbers[entry + 1] as number;
      const day = entered > since ? entered : since;
      const slot = slotOf(userKey);
      const paths = table[slot + 1] as number;
      if (paths === 0 || day < (table[slot + 2] as number)) {
        table[slot] = userKey;
        table[slot + 2] = day;
        table[slot + 3] = friendKey;
      }
      table[slot + 1] = paths + 1;
    }
  }
  const forget = (userKey: number): void => {
    table[slotOf(userKey) + 1] = 0;
  };
  forget(viewerKey);
  const friends: Friend[] = [];
  for (let at = own[0]; at < own[1]; at += 2) {
    const friend = { userKey: numbers[at] as number, since: numbers[at + 1] as number };
    forget(friend.userKey);
    friends.push(friend);
  }
  // Most slots are free: what is taken moves to the front.
  const byMutuals: number[] = [];
  let end = 0;
  for (let slot = 0; slot < table.length; slot += width) {
    const paths = table[slot + 1] as number;
    if (paths === 0) continue;
    byMutuals[paths] = (byMutuals[paths] ?? 0) + 1;
    table.copyWithin(end, slot, slot + width);
    end += width;
  }
  const found = table.slice(0, end);
  const strangers: Strangers = {
    byMutuals,
    select: (isWanted) => {
      const selected: Stranger[] = [];
      for (let at = 0; at < found.length; at += width) {
        const mutualCount = found[at + 1] as number;
        const reachedOn = found[at + 2] as number;
        if (!isWanted(mutualCount, reachedOn)) continue;
        selected.push({
          userKey: found[at] as number,
          mutualCount,
          reachedOn,
          friendKey: found[at + 3] as number,
        });
      }
      return selected;
    },
  };
  const has = ([start, end]: Span, userKey: number): boolean => {
    for (let at = start; at < end; at += 2) if (numbers[at] === userKey) return true;
    return false;
  };
  return {
    friends,
    strangers,
    mutuals: (strangerKey) => {
      return friends
        .filter(({ userKey }) => has(spans.get(userKey) ?? [0, 0], strangerKey))
        .sort((one, other) => one.since - other.since);
    },
  };
};

let kept = new Int32Array(0);
const mostKept = 2 ** 20;

/**
 * A table of zeros. One of the usual size is used again by the next walk: a walk does not wait, so there is one at a
 * time.
 */
const emptyTable = (length: number): Int32Array => {
  if (length > mostKept) return new Int32Array(length);
  if (kept.length < length) kept = new Int32Array(length);
  return kept.subarray(0, length).fill(0);
};

/** Numbers of a slot; a power of two. */
const width = 4;

/** Where a list begins and ends. */
type Span = readonly [number, number];

/** All lists in one array, key and day in turn, and where in it each begins and ends. */
const decode = (lists: string): { numbers: Int32Array; spans: ReadonlyMap<number, Span> } => {
  const digits = lists.slice(2);
  const bytes = Buffer.from(new ArrayBuffer(digits.length / 2));
  bytes.write(digits, 'hex');
  if (isLittleEndian) bytes.swap32();
  const numbers = new Int32Array(bytes.buffer);
  const spans = new Map<number, Span>();
  for (let at = 0; at < numbers.length; ) {
    const start = at + 2;
    const end = start + 2 * (numbers[at + 1] as number);
    spans.set(numbers[at] as number, [start, end]);
    at = end;
  }
  return { numbers, spans };
};

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
