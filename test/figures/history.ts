import { addUsers, type TestDatabase, userId } from '../server/database.js';
import { random } from './random.js';

const users = 14;
/** The days of the history, and the zone in which they are days. */
export const [first, last] = ['2025-12-01', '2026-01-14'];
export const zone = 'America/St_Johns';

/** Both users, the time and, where it is known, the place. */
type Tap = readonly [string | null, string | null, string, number | null, number | null];

/**
 * Six weeks of taps over a year end: circles that grow, quiet stretches, dirt, days without any tap, a crowd, and a
 * pair with several taps of one day.
 */
const taps = (seed: number): Tap[] => {
  const next = random(seed);
  const made: Tap[] = [];
  const begin = Date.parse(`${first}T00:00:00Z`);
  for (let hour = 0; hour < 44 * 24; hour += 1 + next(9)) {
    const day = Math.floor(hour / 24);
    if (day % 11 === 5 || day % 11 === 6) continue;
    const one = 1 + next(Math.min(users, 5 + Math.floor(day / 4)));
    const other = next(4) === 0 ? 1 + next(users) : 1 + ((one + next(3)) % users);
    const time = new Date(begin + hour * 3_600_000 + next(3_600_000)).toISOString();
    const dirt = next(25);
    const place = next(3);
    made.push([
      dirt === 0 ? null : userId(one),
      dirt === 1 ? userId(99) : userId(other),
      time,
      place === 0 ? null : 47.5 + place / 20,
      place === 0 ? null : -52.7,
    ]);
  }
  for (let one = 1; one < users; one += 1)
    made.push([userId(one), userId(one + 1), '2026-01-08T22:30:00Z', 47.55, -52.7]);
  for (const minute of [10, 20, 30, 40])
    made.push([userId(3), userId(4), `2026-01-12T15:${minute}:00Z`, null, null]);
  return made;
};

/** Adds people, two of them at home somewhere, and their history; nothing is computed yet. */
export const addHistory = async (database: TestDatabase): Promise<void> => {
  await addUsers(database, ...Array.from({ length: users }, (_, index) => index + 1));
  await database.client.query("update public.users set home = 'Austin, TX' where id in ($1, $2)", [
    userId(1),
    userId(2),
  ]);
  const made = taps(20_260_105);
  await database.client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude)
     select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::float8[], $5::float8[])`,
    [0, 1, 2, 3, 4].map((column) => made.map((tap) => tap[column])),
  );
};
