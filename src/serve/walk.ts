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

/** Friend lists by user_key: key and first day in turn, in the order of keys. */
export interface Lists {
  get(userKey: number): Int32Array | undefined;
}

/**
 * The viewer's partners and everybody at distance exactly 2, from the lists of the viewer and of all partners.
 *
 * Here and not in SQL: Postgres takes some 3 ms to hash the 5,300 paths of 73 partners who have as many, this 0.3. An
 * object for each path or stranger would take most of it again.
 */
export const walk = (viewerKey: number, lists: Lists): Around => {
  const own = lists.get(viewerKey) ?? nobody;
  // In the order of their keys: of several paths of one day the first is that over the smallest.
  const friends: Friend[] = [];
  const theirs: Int32Array[] = [];
  let length = 0;
  for (let at = 0; at < own.length; at += 2) {
    const friend = { userKey: own[at] as number, since: own[at + 1] as number };
    const list = lists.get(friend.userKey) ?? nobody;
    friends.push(friend);
    theirs.push(list);
    length += list.length;
  }
  // A hash table of users: key (0: free; keys begin with 1), paths, day of the first one, its friend. A path is two
  // numbers of a list, and at least a third of the slots stays free.
  const bits = Math.max(4, Math.ceil(Math.log2(0.75 * length + 1)));
  const table = emptyTable(2 ** bits * width);
  const last = table.length - 1;
  const slotOf = (userKey: number): number => {
    let slot = (Math.imul(userKey, 0x9e3779b1) >>> (32 - bits)) * width;
    while (table[slot] !== userKey && table[slot] !== 0) slot = (slot + width) & last;
    return slot;
  };
  for (const [place, { userKey: friendKey, since }] of friends.entries()) {
    const list = theirs[place] as Int32Array;
    for (let entry = 0; entry < list.length; entry += 2) {
      const userKey = list[entry] as number;
      const entered = list[entry + 1] as number;
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
  for (const { userKey } of friends) forget(userKey);
  // Most slots are free: what is taken moves to the front.
  const byMutuals: number[] = [];
  let end = 0;
  for (let slot = 0; slot < table.length; slot += width) {
    const paths = table[slot + 1] as number;
    if (paths === 0) continue;
    byMutuals[paths] = (byMutuals[paths] ?? 0) + 1;
    for (let place = 0; place < width; place += 1) table[end + place] = table[slot + place] as number;
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
  return {
    friends,
    strangers,
    mutuals: (strangerKey) =>
      friends
        .filter((_, place) => has(theirs[place] as Int32Array, strangerKey))
        .sort((one, other) => one.since - other.since),
  };
};

const nobody = new Int32Array(0);

const has = (list: Int32Array, userKey: number): boolean => {
  for (let at = 0; at < list.length; at += 2) if (list[at] === userKey) return true;
  return false;
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

/** The lists that sql/api/friend_list.sql sends, hexadecimal digits after \x, each with its user's key. */
export const decodeLists = (text: string): [userKey: number, list: Int32Array][] => {
  const digits = text.slice(2);
  const bytes = Buffer.from(new ArrayBuffer(digits.length / 2));
  bytes.write(digits, 'hex');
  if (isLittleEndian) bytes.swap32();
  const numbers = new Int32Array(bytes.buffer);
  const lists: [number, Int32Array][] = [];
  for (let at = 0; at < numbers.length; ) {
    const start = at + 2;
    const end = start + 2 * (numbers[at + 1] as number);
    lists.push([numbers[at] as number, numbers.subarray(start, end)]);
    at = end;
  }
  return lists;
};

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
