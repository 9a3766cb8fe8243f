/** Values by user_key, of one state of the database. */
export interface Shelf<Value> {
  get(userKey: number): Value | undefined;
  set(userKey: number, value: Value): void;
}

/** Who a user is. */
export interface Named {
  readonly user_id: string;
  readonly name: string | null;
}

/** What a recommendation of a user is scored by. */
export interface Candidate {
  /** Days since 0001-01-01. */
  readonly last_active_day: number;
  /** The centre of the home city; null where none is known. Never leaves the server. */
  readonly latitude: number | null;
  readonly longitude: number | null;
}

/** The friend lists of a revision. */
export interface FriendLists extends Shelf<Int32Array> {
  /** Whether most of those that a viewer needs are there, as far as the last viewer said. */
  isWarm: boolean;
}

/**
 * Remembers what the answers to most viewers have in common: their partners' friends, and who those are. It is bounded,
 * and gone with what it depends on.
 */
export interface Users {
  /** Key and first day in turn, in the order of keys; empty for a user without partners. */
  friendLists(revision: string): FriendLists;
  /** Null for who opted out or is gone. `optOuts`: the digest of sql/api/opt_out.sql. */
  names(optOuts: string): Shelf<Named | null>;
  /** Null for who has no day with taps. */
  candidates(revision: string): Shelf<Candidate | null>;
}

/** Names are read from users, and no digest of them is kept. */
const namesLifeMs = 60_000;
/** Figures die with their revision; so long, should anybody have mended a table by hand. */
const figuresLifeMs = 600_000;
const mostUsers = 100_000;
/** Numbers of four bytes each: 64 MB. */
const mostNumbers = 16_000_000;

/** Opens an empty memory. */
export const openUsers = (): Users => {
  const lists = openShelves<Int32Array>(figuresLifeMs, mostNumbers, (list) => list.length + listOverhead);
  let warmth: { readonly of: Shelf<Int32Array>; readonly lists: FriendLists } | undefined;
  return {
    friendLists: (revision) => {
      const shelf = lists(revision);
      if (warmth?.of !== shelf) warmth = { of: shelf, lists: { ...shelf, isWarm: false } };
      return warmth.lists;
    },
    names: openShelves(namesLifeMs, mostUsers),
    candidates: openShelves(figuresLifeMs, mostUsers),
  };
};

/** Numbers that the object around a list takes as much memory as. */
const listOverhead = 40;

/**
 * One shelf at a time: for another state of the database, after its life and when it is full, it is a new one. Who
 * still works with the old one finds there what they have put there, and puts nothing on the new one.
 */
const openShelves = <Value>(
  lifeMs: number,
  most: number,
  weigh: (value: Value) => number = () => 1,
): ((state: string) => Shelf<Value>) => {
  let current: { readonly state: string; readonly until: number; readonly shelf: Shelf<Value> } | undefined;
  const openShelf = (): Shelf<Value> => {
    const kept = new Map<number, Value>();
    let weight = 0;
    const shelf: Shelf<Value> = {
      get: (userKey) => kept.get(userKey),
      set: (userKey, value) => {
        if (!kept.has(userKey)) weight += weigh(value);
        kept.set(userKey, value);
        if (weight > most && current?.shelf === shelf) current = undefined;
      },
    };
    return shelf;
  };
  return (state) => {
    const now = performance.now();
    if (current === undefined || current.state !== state || now >= current.until) {
      current = { state, until: now + lifeMs, shelf: openShelf() };
    }
    return current.shelf;
  };
};
