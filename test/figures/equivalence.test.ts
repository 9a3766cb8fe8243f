import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { addUsers, filledOnce, type TestDatabase, userId } from '../server/database.js';

/** A generator of the same numbers for the same seed (mulberry32). */
const random = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
};

const users = 14;
const [first, last] = ['2025-12-01', '2026-01-14'];
const zone = 'America/St_Johns';

/** Six weeks of taps over a year end: circles that grow, quiet stretches, dirt, and days without any tap. */
const history = (seed: number): (readonly [string | null, string | null, string])[] => {
  const next = random(seed);
  const taps: (readonly [string | null, string | null, string])[] = [];
  const begin = Date.parse(`${first}T00:00:00Z`);
  for (let hour = 0; hour < 44 * 24; hour += 1 + next(9)) {
    const day = Math.floor(hour / 24);
    if (day % 11 === 5 || day % 11 === 6) continue;
    const one = 1 + next(Math.min(users, 5 + Math.floor(day / 4)));
    const other = next(4) === 0 ? 1 + next(users) : 1 + ((one + next(3)) % users);
    const time = new Date(begin + hour * 3_600_000 + next(3_600_000)).toISOString();
    const dirt = next(25);
    taps.push([dirt === 0 ? null : userId(one), dirt === 1 ? userId(99) : userId(other), time]);
  }
  return taps;
};

/** All columns but last_updated_at, by table; keys are private, so they are compared as the users they stand for. */
const columns: Record<string, string> = {
  user_day_activity: 'user_id, day, tap_count, first_degree_new_count',
  user_week_activity:
    'user_id, year, iso_week, week_start, tap_count, first_degree_new_count, second_degree_count, second_degree_new_count',
  user_streaks:
    'user_id, current_streak_days, longest_streak_days, last_active_day, streak_started_on, last_tap_at',
  edge_strength: 'u1, u2, taps_90d, last_tap_at, strength_f32',
  weekly_leaderboard:
    'user_id, year, iso_week, new_first_degree, delta_second_degree, streak_days, connectors_rank, builders_rank, streak_rank, week_start',
  connection: 'u1, u2, first_tap_at, first_day, last_tap_at, last_day, tap_count',
  processed_day:
    'day, tap_count, tap_digest, stranger_digest, null_id_count, self_tap_count, unknown_user_count, steps_sha256',
};

let database: TestDatabase;
let copy: () => Promise<TestDatabase>;
const environment = { ARC_GAM_TZ: zone };
const arcGam = async (...args: string[]) => database.ok(args, environment);

/** Rows that only one of the two schemas has, per table. */
const differences = async (schema: string): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const [table, list] of Object.entries(columns)) {
    const [row] = await database.rows<{ count: string }>(
      `select count(*) as count from (
         (select ${list} from gamification.${table} except all select ${list} from ${schema}.${table})
         union all
         (select ${list} from ${schema}.${table} except all select ${list} from gamification.${table})
       ) as different`,
    );
    counts[table] = Number(row?.count);
  }
  return counts;
};
const none = Object.fromEntries(Object.keys(columns).map((table) => [table, 0]));

/** The history, computed in the schema `gamification` at once; each test computes it in `twin` in another way. */
beforeAll(async () => {
  copy = await filledOnce(
    async (filled) => {
      await addUsers(filled, ...Array.from({ length: users }, (_, index) => index + 1));
      const taps = history(20_260_105);
      await filled.client.query(
        'insert into public.taps (id1, id2, time) select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[])',
        [0, 1, 2].map((column) => taps.map((tap) => tap[column as 0 | 1 | 2])),
      );
      await filled.ok(['backfill', '--to', last], environment);
    },
    { twin: true },
  );
});
beforeEach(async () => {
  database = await copy();
});
afterEach(() => database.drop());

test('the history is worth comparing', async () => {
  const counts = await database.rows(
    `select (select count(*) from weekly_leaderboard)::int > 60 as weeks,
       (select count(*) from edge_strength)::int > 30 as edges,
       (select sum(second_degree_new_count) from user_week_activity)::int > 60 as second_degree,
       (select count(distinct longest_streak_days) from user_streaks)::int > 2 as streaks,
       (select sum(null_id_count) from processed_day)::int > 0 as dirt,
       (select count(*) from processed_day where tap_count = 0)::int > 2 as quiet_days`,
  );
  expect(counts).toEqual([
    { weeks: 't', edges: 't', second_degree: 't', streaks: 't', dirt: 't', quiet_days: 't' },
  ]);
});

test.each([1, 7, 31])('batches of %i days', async (size) => {
  await arcGam('backfill', '--to', last, '--batch-days', String(size), '--schema', 'twin');
  expect(await differences('twin')).toEqual(none);
});

test('an etl for each day of the last days', async () => {
  await arcGam('backfill', '--to', '2026-01-08', '--schema', 'twin');
  for (let time = Date.parse('2026-01-09'); time <= Date.parse(last); time += 86_400_000) {
    await arcGam('etl', '--date', new Date(time).toISOString().slice(0, 10), '--schema', 'twin');
  }
  expect(await differences('twin')).toEqual(none);
});

test('spans in any order, overlapping, the latest first', async () => {
  for (const [from, to] of [
    ['2026-01-10', last],
    ['2025-12-08', '2025-12-11'],
    ['2025-12-30', '2026-01-02'],
    ['2025-12-10', '2025-12-31'],
    [first, '2025-12-01'],
  ] as const) {
    await arcGam('backfill', '--from', from, '--to', to, '--batch-days', '9', '--schema', 'twin');
  }
  await arcGam('etl', '--date', last, '--schema', 'twin');
  // The day before the first tap's is nobody's, and the first day of P is the first tap's local day.
  expect(await differences('twin')).toEqual(none);
});

test('the schema public', async () => {
  await arcGam('migrate', '--schema', 'public');
  await arcGam('backfill', '--to', last, '--batch-days', '20', '--schema', 'public');
  expect(await differences('public')).toEqual(none);
  await arcGam('migrate', 'down', '--all', '--schema', 'public');
  const left = await database.rows(
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'S') order by 1",
  );
  expect(left).toEqual([{ name: 'taps' }, { name: 'users' }]);
});
