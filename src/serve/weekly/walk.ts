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
  let most = Math.max(viewerKey, own.at(-2) ?? 0);
  for (let at = 0; at < own.length; at += 2) {
    const friend = { userKey: own[at] as number, since: own[at + 1] as number };
    const list = lists.get(friend.userKey) ?? nobody;
    friends.push(friend);
    theirs.push(list);
    length += list.length;
    most = Math.max(most, list.at(-2) ?? 0);
  }
  const table = takeTable(most, length / 2);
  const { numbers, taken, isDense } = table;
  let count = 0;
  for (let place = 0; place < friends.length; place += 1) {
    const { userKey: friendKey, since } = friends[place] as Friend;
    const list = theirs[place] as Int32Array;
    const end = list.length;
    for (let at = 0; at < end; at += 2) {
      const userKey = list[at] as number;
      const entered = list[at + 1] as number;
      const day = entered > since ? entered : since;
      const slot = isDense ? userKey * width : hashSlot(numbers, userKey);
      const paths = numbers[slot + 1] as number;
      if (paths === 0) {
        taken[count++] = slot;
        numbers[slot] = userKey;
        numbers[slot + 2] = day;
        numbers[slot + 3] = friendKey;
      } else if (day < (numbers[slot + 2] as number)) {
        numbers[slot + 2] = day;
        numbers[slot + 3] = friendKey;
      }
      numbers[slot + 1] = paths + 1;
    }
  }
  const forget = (userKey: number): void => {
    numbers[(isDense ? userKey * width : hashSlot(numbers, userKey)) + 1] = 0;
  };
  forget(viewerKey);
  for (const { userKey } of friends) forget(userKey);
  const byMutuals: number[] = [];
  const found = new Int32Array(count * width);
  let end = 0;
  for (let place = 0; place < count; place += 1) {
    const slot = taken[place] as number;
    const paths = numbers[slot + 1] as number;
    if (paths > 0) {
      while (byMutuals.length <= paths) byMutuals.push(0);
      byMutuals[paths] = (byMutuals[paths] as number) + 1;
      found[end] = numbers[slot] as number;
      found[end + 1] = paths;
      found[end + 2] = numbers[slot + 2] as number;
      found[end + 3] = numbers[slot + 3] as number;
      end += width;
    }
    numbers[slot] = 0;
    numbers[slot + 1] = 0;
  }
  returnTable(table);
  const strangers: Strangers = {
    byMutuals,
    select: (isWanted) => {
      const selected: Stranger[] = [];
      for (let at = 0; at < end; at += width) {
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
  let [from, to] = [0, list.length / 2];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((list[2 * middle] as number) < userKey) from = middle + 1;
    else to = middle;
  }
  return list[2 * from] === userKey;
};

/** Users of whom some were met. */
interface Table {
  /** Of each slot: key (0: free; keys begin with 1), paths, day of the first one, its friend. */
  readonly numbers: Int32Array;
  /** Room for the slots that are taken. */
  readonly taken: Int32Array;
  /** Whether each key has a slot of its own, at its place; otherwise it is a hash table. */
  readonly isDense: boolean;
}

/** Numbers of a slot; a power of two. */
const width = 4;

/** Larger keys are hashed: a table for all of them would take more than 32 MB. */
const mostDense = 2 ** 21;

/** The table of the last walk, of zeros: a walk does not wait, so there is one at a time. */
let kept: Table | undefined;

/** A table of zeros for keys up to `mostKey`, of which at most `count` come. */
const takeTable = (mostKey: number, count: number): Table => {
  if (mostKey > mostDense) {
    // At least a third of the slots stays free.
    const slots = 2 ** Math.max(4, Math.ceil(Math.log2(1.5 * count + 1)));
    return { numbers: new Int32Array(slots * width), taken: new Int32Array(count), isDense: false };
  }
  const size = Math.ceil(1.25 * (mostKey + 1));
  const table =
    kept !== undefined && kept.numbers.length >= (mostKey + 1) * width
      ? kept
      : { numbers: new Int32Array(size * width), taken: new Int32Array(size), isDense: true };
  kept = undefined;
  return table;
};

/** Gives a table back that holds zeros again where they count: keys and paths. */
const returnTable = (table: Table): void => {
  if (table.isDense) kept = table;
};

const hashSlot = (numbers: Int32Array, userKey: number): number => {
  const last = numbers.length - 1;
  let slot = (Math.imul(userKey, 0x9e3779b1) * width) & last;
  while (numbers[slot] !== userKey && numbers[slot] !== 0) slot = (slot + width) & last;
  return slot;
};

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
