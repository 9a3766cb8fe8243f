import { afterEach, expect, test } from 'vitest';
import { addTap, addUsers, createDatabase, type TestDatabase } from '../server/database.js';

// What is stored stays where a run can't be right.

let database: TestDatabase;
afterEach(() => database.drop());

const activity = () =>
  database.rows('select user_id, day, tap_count from user_day_activity order by user_id, day');

test('a rebuild that fails leaves the tables as they were', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await database.client.query("alter table public.taps add column place text default '1,2'");
  const settings = { ARC_GAM_TAPS_LATITUDE: "split_part(place, ',', 1)::double precision" };
  await database.ok(['migrate'], settings);
  await database.ok(['etl', '--date', '2025-03-02'], settings);
  const before = await activity();
  expect(before).toHaveLength(2);
  await addTap(database, 1, 2, '2025-03-02T08:00Z');
  await database.client.query("update public.taps set place = 'n/a' where time > '2025-03-02'");
  const rebuild = ['backfill', '--rebuild', '--batch-days', '1', '--to', '2025-03-02'];
  expect((await database.cli(rebuild, settings)).code).toBe(1);
  await database.client.query("update public.taps set time = '2025-02-28T08:00Z' where place = 'n/a'");
  expect((await database.cli(rebuild, settings)).code).toBe(1);
  expect(await activity()).toEqual(before);
  await database.client.query('truncate public.taps');
  await database.ok(['backfill', '--rebuild', '--to', '2025-03-02'], settings);
  expect(await activity()).toEqual([]);
});

test('rows that row level security would hide are an error, and not erased people', async () => {
  database = await createDatabase();
  const { client } = database;
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await database.ok(['etl', '--date', '2025-03-02']);
  const before = await activity();
  const owner = `owner_${process.pid}_${Date.now()}`;
  await client.query(`create role ${owner}; grant select on public.taps, public.users to ${owner}`);
  for (const view of ['tap', 'app_user', 'classified_tap'])
    await client.query(`alter view gamification.${view} owner to ${owner}`);
  await client.query('alter table public.users enable row level security');
  try {
    const refused = await database.cli(['etl', '--date', '2025-03-02']);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('row-level security')]);
    expect(await activity()).toEqual(before);
  } finally {
    await client.query(`drop owned by ${owner} cascade; drop role ${owner}`);
  }
});

test('a time that was never set is told before its days are processed', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  const dryRun = ['etl', '--date', '2025-03-02', '--dry-run'];
  expect((await database.ok(dryRun)).stderr).not.toContain('wrong');
  await addTap(database, 1, 2, '1900-01-01T00:00Z');
  expect((await database.ok(dryRun)).stderr).toContain('1900-01-01: if the time of a tap is wrong');
});

test('users that are all gone are no reason to erase everybody from the frozen days', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await database.ok(['etl', '--date', '2025-03-02']);
  await database.ok(['freeze', '--before', '2025-03-02']);
  const before = await activity();
  await database.client.query('delete from public.taps; delete from public.users');
  const refused = await database.cli(['etl', '--date', '2025-03-02']);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('users are empty')]);
  expect(await activity()).toEqual(before);
});
