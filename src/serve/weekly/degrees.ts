import { z } from 'zod';
import type { Context } from '../reading/context.js';
import type { Candidate, Named, Shelf } from '../reading/users.js';
import { instant, nullable, person } from '../shape.js';
import {
  type Around,
  decodeLists,
  type Friend,
  type Lists,
  type Stranger,
  type Strangers,
  walk,
} from './walk.js';

/** A new partner. */
export const newFirstDegree = z.object({ ...person, last_tap_at: instant });
export type NewFirstDegree = z.output<typeof newFirstDegree>;

/** A friend of a friend who is new. */
export const newSecondDegree = z.object({ ...person, connected_via: nullable(z.string()) });
export type NewSecondDegree = z.output<typeof newSecondDegree>;

/** Somebody to meet. */
export const recommendation = z.object({
  ...person,
  scores: z
    .object({ total: z.number(), mutuals: z.number(), recency: z.number(), geo: z.number() })
    .meta({ description: 'total is weighted, its parts are not; geo comes in steps of 0.25.' }),
  mutuals: z.array(z.string()),
  explain: z.string(),
});
export type Recommendation = z.output<typeof recommendation>;

/** A row of sql/api/name.sql. */
interface NameRow extends Named, Record<string, unknown> {
  readonly user_key: number;
}

/** A row of sql/api/candidate.sql. */
interface CandidateRow extends Candidate, Record<string, unknown> {
  readonly user_key: number;
}

/** A friend of a friend with what a recommendation says of them. */
interface Scored {
  readonly stranger: Stranger;
  readonly who: Named;
  /** Since the last day with taps. */
  readonly days: number;
  readonly scores: Recommendation['scores'];
}

/** How many friends of friends the recap names, the latest first; the number of the week is exact. */
const namedStrangers = 100;
/** At most so many names of mutual connections. */
const mutualNames = 6;
/** So many more than are wanted are looked up at first: some may have opted out. */
const spare = 20;

/** What sql/api/momentum.sql says of the viewer's connections. */
export interface Connections {
  /** Of the viewer and perhaps of all partners. */
  readonly friend_lists: string | null;
  /** `user_key:first tap:last tap` of who is new among partners, separated by commas. */
  readonly new_partners: string | null;
}

/** Around the viewer. */
interface Degrees {
  readonly first: NewFirstDegree[];
  readonly second: NewSecondDegree[];
  readonly recommendations: Recommendation[];
}

/**
 * Who is new among partners and their friends (from `start` on), and whom to recommend: all from the lists of the
 * viewer and of the partners.
 */
export const readDegrees = async (
  context: Context,
  connections: Connections,
  start: string,
): Promise<Degrees> => {
  const { watermark, viewer } = context;
  if (viewer.key === null || connections.friend_lists === null) {
    return { first: [], second: [], recommendations: [] };
  }
  const around = walk(viewer.key, await readLists(context, viewer.key, connections.friend_lists));
  const people = openPeople(context);
  const met = partnersOf(connections.new_partners);
  const isCounted = watermark.as_of_day !== null;
  const startsOn = dayNumber(start);
  const fresh = isCounted
    ? around.strangers
        .select((_, reachedOn) => reachedOn >= startsOn)
        .sort((one, other) => other.reachedOn - one.reachedOn)
    : [];
  // Those of one day are in the order of their ids, which are not known here: a day is asked for as a whole.
  const latest = firstDays(fresh, namedStrangers + spare, ({ reachedOn }) => reachedOn);
  const shown = [...met.map(({ userKey }) => userKey), ...latest.flatMap(keysOf)];
  const best = isCounted ? await readBest(context, people, around.strangers, shown) : [];
  const recommendations = await recommend(context, people, around, best);
  // So many opted out that some are wanting: all are asked for.
  if (isShort(people, namedStrangers, latest, fresh)) await people.look(fresh.flatMap(keysOf));
  return {
    first: named(met, people, (one, other) => other.firstTapAt - one.firstTapAt).map(
      ({ who, item: { lastTapAt } }) => ({
        user_id: who.user_id,
        name: who.name ?? '',
        last_tap_at: new Date(Math.floor(lastTapAt / 1000)).toISOString(),
      }),
    ),
    second: named(fresh, people, (one, other) => other.reachedOn - one.reachedOn)
      .slice(0, namedStrangers)
      .map(({ item: { friendKey }, who }) => ({
        user_id: who.user_id,
        name: who.name ?? '',
        connected_via: people.get(friendKey)?.name ?? null,
      })),
    recommendations,
  };
};

/** The viewer's list and those of all partners; `text`: those that came with the viewer's figures. */
const readLists = async (
  { reading, users, watermark }: Context,
  viewerKey: number,
  text: string,
): Promise<Lists> => {
  const lists = users.friendLists(watermark.revision);
  const given = decodeLists(text);
  const own = given.find(([key]) => key === viewerKey)?.[1] ?? new Int32Array(0);
  const partners = keysIn(own);
  const unknown = partners.filter((key) => lists.get(key) === undefined);
  lists.isWarm = 2 * unknown.length <= partners.length;
  for (const [key, list] of given) lists.set(key, list);
  const missing = given.length > 1 ? [] : unknown;
  if (missing.length > 0) {
    const [row] = await reading.query<{ friend_lists: string | null }>('friend_list', [integers(missing)]);
    for (const [key, list] of row?.friend_lists ? decodeLists(row.friend_lists) : []) lists.set(key, list);
  }
  return lists;
};

const keysIn = (list: Int32Array): number[] => {
  const keys: number[] = [];
  for (let at = 0; at < list.length; at += 2) keys.push(list[at] as number);
  return keys;
};

/** A partner who is new. */
interface Met {
  readonly userKey: number;
  /** Microseconds since 1970. */
  readonly firstTapAt: number;
  readonly lastTapAt: number;
}

const partnersOf = (text: string | null): Met[] =>
  text === null
    ? []
    : text.split(',').map((one) => {
        const [userKey = 0, firstTapAt = 0, lastTapAt = 0] = one.split(':').map(Number);
        return { userKey, firstTapAt, lastTapAt };
      });

/** Those whom a request names. */
interface People {
  /** Null for who opted out or is gone, undefined for who was not looked up. */
  get(userKey: number): Named | null | undefined;
  /** Looks up who is not known yet. */
  look(userKeys: readonly number[]): Promise<void>;
}

const openPeople = ({ reading, users, optOuts }: Context): People => {
  const names = users.names(optOuts);
  return {
    get: names.get,
    look: (userKeys) =>
      lookUp(userKeys, names, async (unknown) =>
        (await reading.query<NameRow>('name', [integers(unknown)])).map(({ user_key, user_id, name }) => [
          user_key,
          { user_id, name },
        ]),
      ),
  };
};

/** Puts on the shelf what is asked for and not there: null where there is no row. */
const lookUp = async <Value>(
  userKeys: readonly number[],
  shelf: Shelf<Value | null>,
  ask: (unknown: readonly number[]) => Promise<readonly (readonly [userKey: number, value: Value])[]>,
): Promise<void> => {
  const unknown = userKeys.filter((key) => shelf.get(key) === undefined);
  if (unknown.length === 0) return;
  const asked = [...new Set(unknown)];
  const rows = new Map(await ask(asked));
  for (const key of asked) shelf.set(key, rows.get(key) ?? null);
};

/** The best to recommend, and the names of `others`, which are asked for with theirs. */
const readBest = async (
  context: Context,
  people: People,
  { byMutuals, select }: Strangers,
  others: readonly number[],
): Promise<readonly Scored[]> => {
  const { reading, users, viewer, serve, watermark } = context;
  const { weights, minMutuals, maxResults } = serve.recommendation;
  const candidates = users.candidates(watermark.revision);
  const ranking = openRanking(context);
  const score = async (asked: readonly Stranger[], also: readonly number[]): Promise<void> => {
    const keys = asked.map(({ userKey }) => userKey);
    await Promise.all([
      lookUp(keys, candidates, async (unknown) =>
        (await reading.query<CandidateRow>('candidate', [integers(unknown)])).map(
          ({ user_key, last_active_day, latitude, longitude }) => [
            user_key,
            { last_active_day, latitude, longitude },
          ],
        ),
      ),
      people.look([...keys, ...also]),
    ]);
    for (const one of asked) ranking.add(one, people.get(one.userKey), candidates.get(one.userKey));
  };
  // What is known of a candidate is looked up one by one, so those with the most mutual connections are scored first,
  // and of the others only who could be among the best with all points that are not known yet.
  const enough = leastOf(byMutuals, maxResults + spare, minMutuals);
  await score(
    select((mutualCount) => mutualCount >= enough),
    others,
  );
  const unknown = weights.recency + (viewer.home === null ? 0 : weights.geo);
  // Mutual connections count the more the more there are, so there is a least number of them.
  let least = minMutuals;
  while (least < enough && ranking.isTooLittle(weights.mutuals * mutualScore(least) + unknown)) least += 1;
  await score(
    select((mutualCount) => mutualCount >= least && mutualCount < enough),
    [],
  );
  return ranking.best;
};

/** One more always counts. */
const mutualScore = (mutualCount: number): number => 1 - Math.exp(-mutualCount / 8);

/** The best so far: by their totals, of equals those with more mutual connections, then by their ids. */
interface Ranking {
  readonly best: readonly Scored[];
  /** Adds nobody who opted out, is gone or is never to be recommended. */
  add(stranger: Stranger, who: Named | null | undefined, candidate: Candidate | null | undefined): void;
  /** Whether a total, not rounded yet, is certainly not among the best. */
  isTooLittle(total: number): boolean;
}

/**
 * The parts of a score are within 0 and 1 and not weighted yet. That of the home city comes in steps of 0.25, because
 * an exact one, asked for from a few home cities in turn, would say where somebody lives.
 */
const openRanking = ({ viewer, serve, watermark }: Context): Ranking => {
  const { weights, maxResults, maxDays, maxKm, blocklist } = serve.recommendation;
  const { home } = viewer;
  const asOf = dayNumber(watermark.as_of_day ?? '');
  const best: Scored[] = [];
  // Totals are rounded to six decimals.
  const isTooLittle = (total: number): boolean =>
    best.length === maxResults && total < (best.at(-1)?.scores.total ?? 0) - 1e-6;
  const geoOf = ({ latitude, longitude }: Candidate): number =>
    home === null || latitude === null || longitude === null
      ? 0
      : Math.floor(4 * Math.max(0, 1 - kilometres(home, { latitude, longitude }) / maxKm)) / 4;
  return {
    best,
    isTooLittle,
    add: (stranger, who, candidate) => {
      if (!who || !candidate || blocklist.includes(who.user_id)) return;
      const days = Math.max(0, asOf - candidate.last_active_day);
      const mutuals = mutualScore(stranger.mutualCount);
      const recency = days <= maxDays ? Math.exp(days / -30) : 0;
      const known = weights.mutuals * mutuals + weights.recency * recency;
      if (isTooLittle(known + weights.geo)) return;
      const geo = geoOf(candidate);
      // Sums of binary fractions end in noise: 0.9999999999999999 for 1.
      const total = Math.round((known + weights.geo * geo) * 1e6) / 1e6;
      best.push({ stranger, who, days, scores: { total, mutuals, recency, geo } });
      best.sort(
        (one, other) =>
          other.scores.total - one.scores.total ||
          other.stranger.mutualCount - one.stranger.mutualCount ||
          (one.who.user_id < other.who.user_id ? -1 : 1),
      );
      if (best.length > maxResults) best.pop();
    },
  };
};

interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

const earthRadiusKm = 6371;

/** Like the function kilometres of the database, along the surface of a sphere. */
const kilometres = (one: Position, other: Position): number => {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const half = (from: number, to: number) => Math.sin(radians(to - from) / 2) ** 2;
  const chord =
    half(one.latitude, other.latitude) +
    Math.cos(radians(one.latitude)) *
      Math.cos(radians(other.latitude)) *
      half(one.longitude, other.longitude);
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(chord)));
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

/** The best with the names of their mutual connections, the oldest first. */
const recommend = async (
  { serve }: Context,
  people: People,
  { mutuals }: Around,
  scored: readonly Scored[],
): Promise<Recommendation[]> => {
  const recommended = scored.map((one) => {
    const friends = mutuals(one.stranger.userKey);
    return { ...one, friends, oldest: firstDays(friends, mutualNames, ({ since }) => since) };
  });
  const keys = (friends: readonly Friend[]) => friends.map(({ userKey }) => userKey);
  await people.look(recommended.flatMap(({ oldest }) => keys(oldest)));
  const withMore = recommended.map(({ oldest, friends, ...one }) => ({
    ...one,
    asked: isShort(people, mutualNames, oldest, friends) ? friends : oldest,
  }));
  await people.look(withMore.flatMap(({ asked }) => keys(asked)));
  return withMore.map(({ who, scores, stranger: { mutualCount }, days, asked }) => ({
    user_id: who.user_id,
    name: who.name ?? '',
    scores,
    mutuals: named(asked, people, (one, other) => one.since - other.since)
      .flatMap(({ who: friend }) => friend.name ?? [])
      .slice(0, mutualNames),
    explain: [
      `${mutualCount} mutual ${mutualCount === 1 ? 'connection' : 'connections'}`,
      ...(days > serve.recommendation.maxDays
        ? []
        : [days <= 1 ? 'active recently' : `active ${days} days ago`]),
      ...(scores.geo === 1 ? ['same home city'] : scores.geo > 0 ? ['home city nearby'] : []),
    ].join(' · '),
  }));
};

const keysOf = ({ userKey, friendKey }: Stranger): number[] => [userKey, friendKey];

/** Whether of those that were asked for, fewer than are wanted have a name, and there are others. */
const isShort = (
  people: People,
  wanted: number,
  asked: readonly { userKey: number }[],
  all: readonly unknown[],
): boolean =>
  asked.length < all.length && asked.filter(({ userKey }) => people.get(userKey)?.name).length < wanted;

/** The first `wanted` of what is in the order of days, and all others of the last one's day. */
const firstDays = <Item>(items: readonly Item[], wanted: number, dayOf: (item: Item) => number): Item[] => {
  const last = items[wanted - 1];
  if (last === undefined) return [...items];
  const next = items.findIndex((item, place) => place >= wanted && dayOf(item) !== dayOf(last));
  return items.slice(0, next === -1 ? items.length : next);
};

/** Those who are there and have not opted out, in the order of `compare`, then of their ids. */
const named = <Item extends { readonly userKey: number }>(
  items: readonly Item[],
  people: People,
  compare: (one: Item, other: Item) => number,
): { readonly item: Item; readonly who: Named }[] => {
  const there: { item: Item; who: Named }[] = [];
  for (const item of items) {
    const who = people.get(item.userKey);
    if (who) there.push({ item, who });
  }
  return there.sort(
    (one, other) => compare(one.item, other.item) || (one.who.user_id < other.who.user_id ? -1 : 1),
  );
};

const dayMs = 86_400_000;
const firstDay = Date.parse('0001-01-01T00:00:00Z');

/** Days since 0001-01-01. */
const dayNumber = (day: string): number => (Date.parse(`${day}T00:00:00Z`) - firstDay) / dayMs;

/** An array as Postgres reads it. */
const integers = (values: readonly number[]): string => `{${values.join(',')}}`;
