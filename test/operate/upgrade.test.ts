import { afterAll, beforeAll, expect, test } from 'vitest';
import { comesFrom, convergingSteps, readsTaps } from '../../src/pipeline/meaning.js';
import { loadSteps } from '../../src/pipeline/order.js';
import { allFigures } from '../figures/figures.js';
import { addUsers, createDatabase, type TestDatabase } from '../server/database.js';

let database: TestDatabase;

/** Every derived table's rows, by table. */
const tables = async (): Promise<Record<string, unknown[]>> => {
  const found: Record<string, unknown[]> = {};
  for (const { table, of } of await allFigures(database.client, 'gamification'))
    found[table] = await database.rows(
      `select * from (${of('gamification')}) as figures order by figures::text`,
    );
  return found;
};

beforeAll(async () => {
  database = await createDatabase();
  await addUsers(database, ...Array.from({ length: 12 }, (_, index) => index + 1));
  await database.client.query("update public.users set home = 'Brooklyn, NY' where name like '%1'");
  await database.client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude)
     select ('00000000-0000-4000-8000-' || lpad((1 + one)::text, 12, '0'))::uuid,
       ('00000000-0000-4000-8000-' || lpad((1 + (one + 1 + other) % 12)::text, 12, '0'))::uuid,
       timestamptz '2025-03-31T00:00Z' - day * interval '1 day' + (n * 37 % 1440) * interval '1 minute', 40.7, -73.9
     from generate_series(1, 250) as n
     cross join lateral (
       select (hashint4(n) & 65535) % 12 as one, (hashint4(n + 1000000) & 65535) % 11 as other,
         (hashint4(n + 2000000) & 65535) % 60 as day
     ) as drawn`,
  );
  // Five weeks of a quiet hour, and a crowd in it: a surge.
  await database.client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude)
     select ('00000000-0000-4000-8000-' || lpad((1 + n % 10)::text, 12, '0'))::uuid,
       ('00000000-0000-4000-8000-' || lpad((2 + n % 10)::text, 12, '0'))::uuid,
       timestamptz '2025-03-29T18:00Z' + n * interval '1 minute', 40.7, -73.9
     from generate_series(1, 40) as n`,
  );
  await database.ok(['backfill', '--to', '2025-03-31']);
});
afterAll(() => database.drop());

test('the history has a row for every table', async () => {
  const empty = Object.entries(await tables()).filter(([, rows]) => rows.length === 0);
  expect(empty.map(([table]) => table)).toEqual(['unknown_user_day']);
});

const steps = loadSteps();

test.each(
  convergingSteps(steps)
    .filter((step) => !readsTaps(step, steps))
    .map(({ name, table }) => ({ name, table })),
)('an upgrade that changed $name derives its whole table, whatever was in it', async ({ name, table }) => {
  const before = await tables();
  await database.client.query(`delete from ${table}`);
  await database.client.query("update derived_step set digest = 'another' where step = $1", [name]);
  await database.ok(['etl', '--date', '2025-03-31']);
  expect(await tables()).toEqual(before);
});

test('who reads a view over a table comes from that table', async () => {
  const stored = new Set(convergingSteps(steps).map(({ table }) => table));
  const views = await database.rows<{ view: string; table: string }>(
    `select view_name as view, table_name as table from information_schema.view_table_usage
     where view_schema = 'gamification' and table_schema = 'gamification'`,
  );
  const readers = views
    .filter(({ table }) => stored.has(table))
    .flatMap(({ view, table }) =>
      convergingSteps(steps)
        .filter((step) => step.table !== table && step.reads.includes(view))
        .map((step) => ({ step: step.name, table, isKnown: comesFrom(step, steps).has(table) })),
    );
  expect(readers.length).toBeGreaterThan(0);
  expect(readers.filter(({ isKnown }) => !isKnown)).toEqual([]);
});

test('an upgrade that changes no row has nothing to tell the steps after it', async () => {
  const before = await tables();
  for (const step of ['pair', 'user_day_activity', 'activity_run', 'user_week_activity', 'surge_hour']) {
    await database.client.query("update derived_step set digest = 'another' where step = $1", [step]);
    const run = await database.ok(['etl', '--date', '2025-03-31', '--explain', '--json']);
    const lines = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const given = lines.find(({ event }) => event === 'given');
    const rows = Object.entries(given ?? {}).filter(([name]) => name !== 'event');
    expect(rows.length).toBeGreaterThan(5);
    expect(
      rows.filter(([, count]) => count !== 0),
      step,
    ).toEqual([]);
  }
  expect(await tables()).toEqual(before);
});
