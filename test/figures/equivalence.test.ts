import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { filledOnce, type TestDatabase } from '../server/database.js';
import { allFigures, differencesOf } from './figures.js';
import { addHistory, first, last, zone } from './history.js';

let database: TestDatabase;
let copy: () => Promise<TestDatabase>;
const environment = { ARC_GAM_TZ: zone };
const arcGam = async (...args: string[]) => database.ok(args, environment);

/** Rows of any table that only one of the two schemas has. */
const differences = (schema: string): Promise<string[]> =>
  differencesOf(database.client, schema, 'gamification');

/** The history, computed in the schema `gamification` at once; each test computes it in `twin` in another way. */
beforeAll(async () => {
  copy = await filledOnce(
    async (filled) => {
      await addHistory(filled);
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
  const empty: string[] = [];
  for (const { table } of await allFigures(database.client, 'gamification'))
    if ((await database.rows(`select 1 from ${table} limit 1`)).length === 0) empty.push(table);
  expect(empty).toEqual([]);
});

test.each([1, 7, 31])('batches of %i days', async (size) => {
  await arcGam('backfill', '--to', last, '--batch-days', String(size), '--schema', 'twin');
  expect(await differences('twin')).toEqual([]);
});

test('an etl for each day of the last days', async () => {
  await arcGam('backfill', '--to', '2026-01-08', '--schema', 'twin');
  for (let time = Date.parse('2026-01-09'); time <= Date.parse(last); time += 86_400_000) {
    await arcGam('etl', '--date', new Date(time).toISOString().slice(0, 10), '--schema', 'twin');
  }
  expect(await differences('twin')).toEqual([]);
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
  expect(await differences('twin')).toEqual([]);
});

test('the schema public', async () => {
  await arcGam('migrate', '--schema', 'public');
  await arcGam('backfill', '--to', last, '--batch-days', '20', '--schema', 'public');
  expect(await differences('public')).toEqual([]);
  await arcGam('migrate', 'down', '--all', '--schema', 'public');
  const left = await database.rows(
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'S') order by 1",
  );
  expect(left).toEqual([{ name: 'taps' }, { name: 'users' }]);
});
