import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { jsonLines } from '../command/cli.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';

// What a run finds with capture is what it finds without: also where a change is odd, early, late or not of the taps.

let database: TestDatabase;
afterEach(() => database.drop());

const days = async () =>
  (await database.rows<{ day: string }>('select day from processed_day order by day')).map(({ day }) => day);
const activity = (day: string) =>
  database.rows('select user_id, tap_count from user_day_activity where day = $1 order by user_id', [day]);
const both = [
  { user_id: userId(1), tap_count: '1' },
  { user_id: userId(2), tap_count: '1' },
];

test('the application writes users without an id, and taps without a time', async () => {
  database = await createDatabase();
  const { client } = database;
  await client.query('alter table public.users add column public_id uuid unique');
  await client.query('alter table public.users alter column id set default gen_random_uuid()');
  // An expression, with what a replacement of text would take for a pattern of its own.
  const settings = { ARC_GAM_USERS_ID: "case when public_id::text ~ '^[0-9a-f-]{36}$' then public_id end" };
  await database.ok(['migrate'], settings);
  await database.ok(['capture', 'on'], settings);
  await client.query("insert into public.users (name) values ('guest')");
  await client.query(`update public.users set public_id = '${userId(1)}' where name = 'guest'`);
  await client.query("update public.users set public_id = null where name = 'guest'");
  await client.query("delete from public.users where name = 'guest'");
  await client.query('insert into public.taps (time) values (null)');
  await client.query('delete from public.taps');
  expect(await database.rows('select distinct user_id from change_queue where user_id is not null')).toEqual([
    { user_id: userId(1) },
  ]);
  await client.query("insert into public.users (name, home) values ('guest', 'London, UK')");
  await database.ok(['etl', '--date', '2025-03-01'], settings);
  expect(await database.rows('select original_text from home_location_struct')).toEqual([]);
});

test.each([
  ['a name of the table', { ARC_GAM_TAPS_TIME: '"Tap Events"."found"', ARC_GAM_USERS_ID: '"Users".tg_op' }],
  ['none', { ARC_GAM_TAPS_TIME: 'found', ARC_GAM_USERS_ID: 'tg_op' }],
])('the triggers read the mapping as the views do: columns with %s before them', async (_, columns) => {
  database = await createDatabase();
  const { client } = database;
  await client.query(`
    alter table public.taps rename to "Tap Events";
    alter table public.users rename to "Users";
    alter table public."Tap Events" rename column "time" to found;
    alter table public."Users" rename column id to tg_op;`);
  const settings = {
    ARC_GAM_TAPS_TABLE: 'public."Tap Events"',
    ARC_GAM_USERS_TABLE: 'public."Users"',
    ...columns,
  };
  await database.ok(['migrate'], settings);
  await database.ok(['capture', 'on'], settings);
  await client.query(
    `insert into public."Users" (tg_op, name) values ('${userId(1)}', 'Ada'), ('${userId(2)}', 'Bo')`,
  );
  await client.query(
    `insert into public."Tap Events" (id1, id2, found) values ('${userId(1)}', '${userId(2)}', '2025-03-01 08:00Z')`,
  );
  await client.query('update public."Tap Events" set found = found');
  await client.query('update public."Users" set tg_op = tg_op');
  await database.ok(['etl', '--date', '2025-03-01'], settings);
  expect(await activity('2025-03-01')).toEqual(both);
  await client.query('delete from public."Tap Events"');
  await client.query('delete from public."Users"');
});

test('a function is to be written with its schema, and then the triggers have it too', async () => {
  database = await createDatabase();
  await database.client.query(
    'create function public.moment(at timestamptz) returns timestamptz language sql return at',
  );
  const refused = await database.cli(['migrate'], { ARC_GAM_TAPS_TIME: 'moment("time")' });
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining('with their schema: public.f(x)'),
  ]);
  const settings = { ARC_GAM_TAPS_TIME: 'public.moment("time")' };
  await database.ok(['migrate'], settings);
  await database.ok(['capture', 'on'], settings);
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await database.ok(['etl', '--date', '2025-03-01'], settings);
  expect(await activity('2025-03-01')).toEqual(both);
});

test('a column with the schema before its name, which no trigger could read, is refused', async () => {
  database = await createDatabase();
  const refused = await database.cli(['migrate'], { ARC_GAM_TAPS_TIME: 'public.taps.time' });
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('ARC_GAM_TAPS_TIME')]);
});

test('of several users of one id always the same is one, whatever order they are found in', async () => {
  database = await createDatabase();
  const { client } = database;
  await client.query('alter table public.users drop constraint users_pkey');
  await addUsers(database, 1, 2);
  await client.query("update public.users set home = 'Paris, France'");
  await client.query(
    "insert into public.users (id, name, home) select id, 'twin', 'London, UK' from public.users",
  );
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await database.ok(['migrate']);
  await database.ok(['etl', '--date', '2025-03-01']);
  const homes = () => database.rows('select user_id, city from home_location_struct order by user_id');
  const before = await homes();
  // It moves to the end of the table.
  await client.query("update public.users set name = name || '' where home = 'Paris, France'");
  await client.query("update public.users set name = name || '' where home = 'London, UK' and id = $1", [
    userId(1),
  ]);
  await database.ok(['etl', '--date', '2025-03-01']);
  expect(await homes()).toEqual(before);
  expect(before).toEqual([1, 2].map((n) => ({ user_id: userId(n), city: 'London' })));
});

test('two schemas with long names that begin alike capture the same tables', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  const schemas = ['one', 'two'].map((name) => ({ ARC_GAM_SCHEMA: `${'community_'.repeat(5)}${name}` }));
  for (const schema of schemas)
    for (const command of [['migrate'], ['capture', 'on'], ['etl', '--date', '2025-03-01']])
      await database.ok(command, schema);
  for (const schema of schemas)
    expect((await database.ok(['capture', 'status'], schema)).stdout).toContain('ready');
});

test('a new mapping is noticed by the next run and by the triggers; other tables are refused', async () => {
  database = await createDatabase();
  const { client } = database;
  await addUsers(database, 1, 2);
  await client.query('alter table public.taps add column met_at timestamptz');
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await client.query("update public.taps set met_at = '2025-03-03T08:00Z'");
  await database.ok(['capture', 'on']);
  await database.ok(['etl', '--date', '2025-03-04']);
  expect(await activity('2025-03-01')).toEqual(both);
  const settings = { ARC_GAM_TAPS_TIME: 'met_at' };
  await database.ok(['migrate'], settings);
  await database.ok(['etl', '--date', '2025-03-04'], settings);
  expect([await activity('2025-03-01'), await activity('2025-03-03')]).toEqual([[], both]);
  await client.query("update public.taps set met_at = '2025-03-02T08:00Z'");
  await database.ok(['etl', '--date', '2025-03-04'], settings);
  expect([await activity('2025-03-03'), await activity('2025-03-02')]).toEqual([[], both]);
  await client.query('create table public.meetings (like public.taps including all)');
  const refused = await database.cli(['migrate'], { ...settings, ARC_GAM_TAPS_TABLE: 'public.meetings' });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('Run first: arc-gam capture off, then: arc-gam migrate');
  for (const count of [['--count', '1'], ['--all']])
    expect((await database.cli(['migrate', 'down', ...count])).stderr).toContain('arc-gam capture off');
});

test('a mapping that reads a further table is not left to triggers', async () => {
  database = await createDatabase();
  const { client } = database;
  await addUsers(database, 1, 2, 3);
  await client.query(
    `create table public.device (device_id integer primary key, user_id uuid);
     insert into public.device values (1, '${userId(1)}');
     alter table public.taps add column device_id integer`,
  );
  await addTap(database, 3, 2, '2025-03-01T08:00Z');
  await client.query('update public.taps set device_id = 1');
  await database.ok(['capture', 'on']);
  const reading = {
    ARC_GAM_TAPS_ID1: '(select device.user_id from public.device where device.device_id = taps.device_id)',
  };
  await database.ok(['migrate'], reading);
  await database.ok(['etl', '--date', '2025-03-02']);
  expect(await activity('2025-03-01')).toEqual(both);
  expect((await database.ok(['capture', 'status'])).stdout).toContain('the mapping reads a further table');
  const refused = await database.cli(['capture', 'on']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('The mapping reads public.device as well');
  // Found by what is compared.
  await client.query(`update public.device set user_id = '${userId(3)}'`);
  await database.ok(['etl', '--date', '2025-03-02']);
  expect((await activity('2025-03-01')).map(({ user_id }) => user_id)).toEqual([userId(2), userId(3)]);
});

test('days before the first processed day are found: of a stranger, of an earlier span, of a late tap', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 3, '2025-02-26T08:00Z');
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await database.ok(['capture', 'on']);
  await database.ok(['backfill', '--from', '2025-03-01', '--to', '2025-03-02']);
  await addUsers(database, 3);
  await database.ok(['etl', '--date', '2025-03-02']);
  expect((await days())[0]).toBe('2025-02-26');
  await addTap(database, 1, 2, '2025-02-20T08:00Z');
  await database.ok(['backfill', '--from', '2025-03-01', '--to', '2025-03-03']);
  await database.ok(['etl', '--date', '2025-03-03']);
  expect(await days()).toHaveLength(12);
  expect(await activity('2025-02-20')).toEqual(both);
});

test('a tap of before the first frozen day that came while it was frozen counts after the thaw', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await database.ok(['capture', 'on']);
  await database.ok(['etl', '--date', '2025-03-03']);
  await database.ok(['freeze', '--before', '2025-03-03']);
  await addTap(database, 1, 2, '2025-02-27T08:00Z');
  // Of no day that is, and no reason not to freeze.
  await addTap(database, 1, 2, '0044-03-15T10:00Z BC');
  await database.ok(['etl', '--date', '2025-03-04']);
  expect((await days())[0]).toBe('2025-03-01');
  await database.ok(['freeze', '--before', '2025-03-04']);
  await database.ok(['thaw']);
  await database.ok(['etl', '--date', '2025-03-04']);
  expect(await activity('2025-02-27')).toEqual(both);
});

test('taps of years that no day is of, and at the ends of time, fail no night', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  const zone = { ARC_GAM_TZ: 'America/New_York' };
  await database.ok(['etl', '--date', '2025-03-01'], zone);
  const odd = ['0001-01-01T00:00Z', '12024-05-05T10:00Z', '294276-12-31T23:59:59Z', '4713-01-01T00:00Z BC'];
  for (const capture of ['off', 'on']) {
    if (capture === 'on') await database.ok(['capture', 'on'], zone);
    for (const date of ['2025-03-01', '2025-03-02', '2025-03-03']) {
      for (const time of odd) await addTap(database, 1, 2, time);
      await addTap(database, 1, 2, `${date}T${capture === 'on' ? 14 : 15}:00Z`);
      await database.ok(['etl', '--date', date], zone);
      await database.client.query('delete from public.taps where time < $1 or time > $2', [
        '2025-01-01',
        '2026-01-01',
      ]);
    }
  }
  expect(await days()).toEqual(['2025-03-01', '2025-03-02', '2025-03-03']);
  expect(await activity('2025-03-03')).toMatchObject([{ tap_count: '2' }, { tap_count: '2' }]);
  expect((await database.cli(['verify', '--full'], zone)).code).toBe(0);
});

test('a table whose rows are written past a statement trigger is refused, and breaks capture that is on', async () => {
  database = await createDatabase();
  const { client } = database;
  await addUsers(database, 1, 2);
  await database.ok(['capture', 'on']);
  await database.ok(['etl', '--date', '2025-03-01']);
  expect((await database.ok(['capture', 'status'])).stdout).toContain('ready');
  await client.query('create table public.old_taps () inherits (public.taps)');
  expect((await database.cli(['capture', 'status'])).stdout).toContain('broken');
  await client.query(
    `insert into public.old_taps (id1, id2, time) values ('${userId(1)}', '${userId(2)}', '2025-03-01T08:00Z')`,
  );
  const refused = await database.cli(['capture', 'on']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('has tables that inherit from it');
  await database.ok(['etl', '--date', '2025-03-01']);
  expect(await activity('2025-03-01')).toEqual(both);
  // What was written past the triggers is looked for once they are relied on again.
  await client.query(
    'alter table public.old_taps no inherit public.taps; alter table public.taps disable trigger user',
  );
  await database.ok(['etl', '--date', '2025-03-01']);
  await addTap(database, 1, 2, '2025-03-01T09:00Z');
  await client.query('alter table public.taps enable trigger user');
  await database.ok(['etl', '--date', '2025-03-01']);
  expect(await activity('2025-03-01')).toEqual(both);
});

test('a frozen day forgets its late tap once that is gone, also while its other taps are there', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  for (const day of [1, 2, 3, 4]) await addTap(database, 1, 2, `2025-03-0${day}T08:00Z`);
  await database.ok(['etl', '--date', '2025-03-04']);
  await database.ok(['freeze', '--before', '2025-03-03']);
  await addTap(database, 1, 2, '2025-03-02T11:11Z');
  const late = async () => {
    await database.ok(['etl', '--date', '2025-03-04']);
    return database.rows('select late_tap_count from frozen_day order by day');
  };
  expect(await late()).toEqual([{ late_tap_count: '0' }, { late_tap_count: '1' }]);
  await database.client.query("delete from public.taps where time = '2025-03-02T11:11Z'");
  expect(await late()).toEqual([{ late_tap_count: '0' }, { late_tap_count: '0' }]);
});

test('what is changed while a trigger is off and a run is under way is found by the next run', async () => {
  database = await createDatabase();
  const { client } = database;
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await database.ok(['capture', 'on']);
  await database.ok(['etl', '--date', '2025-03-02']);
  await client.query('alter table public.taps disable trigger user');
  await addTap(database, 1, 2, '2025-03-02T08:00Z');
  const other = new pg.Client({ connectionString: database.url });
  await other.connect();
  await other.query('begin; lock table gamification.user_day_activity');
  const run = database.cli(['etl', '--date', '2025-03-02']);
  const blocked = `select 1 from pg_locks where relation = 'gamification.user_day_activity'::regclass and not granted
    and database = (select oid from pg_database where datname = current_database())`;
  while ((await database.rows(blocked)).length === 0) await sleep(20);
  await client.query("update public.taps set time = time - interval '1 day' where time >= '2025-03-02'");
  await client.query('alter table public.taps enable trigger user');
  await other.end();
  expect((await run).code).toBe(0);
  await database.ok(['etl', '--date', '2025-03-02']);
  expect([await activity('2025-03-01'), await activity('2025-03-02')]).toEqual([
    both.map((row) => ({ ...row, tap_count: '2' })),
    [],
  ]);
  expect((await database.ok(['capture', 'status'])).stdout).toContain('ready');
});

test('a run that looks back some days looks at these, and does not make capture ready', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  for (const day of [1, 2, 3, 4]) await addTap(database, 1, 2, `2025-03-0${day}T08:00Z`);
  await database.ok(['etl', '--date', '2025-03-04']);
  await database.ok(['capture', 'on']);
  await database.client.query('alter table public.taps disable trigger user');
  for (const day of [2, 3]) await addTap(database, 1, 2, `2025-03-0${day}T09:00Z`);
  await database.client.query('alter table public.taps enable trigger user');
  await database.ok(['etl', '--date', '2025-03-04', '--lookback', '2']);
  const taps = async () =>
    (await database.rows('select tap_count from processed_day order by day')).map((row) => row.tap_count);
  expect(await taps()).toEqual(['1', '1', '2', '1']);
  expect((await database.ok(['capture', 'status'])).stdout).not.toContain('ready');
  await database.ok(['etl', '--date', '2025-03-04', '--lookback', '3']);
  expect(await taps()).toEqual(['1', '2', '2', '1']);
  await database.ok(['etl', '--date', '2025-03-04']);
  expect((await database.ok(['capture', 'status'])).stdout).toContain('ready');
  // A dry run sees what was noted, and once capture is off nothing is.
  await addTap(database, 1, 2, '2025-03-01T09:00Z');
  const { stdout } = await database.ok(['etl', '--date', '2025-03-04', '--dry-run', '--json']);
  expect(jsonLines(stdout).find(({ event }) => event === 'plan')).toMatchObject({ dayCount: 1 });
  await database.client.query("insert into captured_day (day) values ('2025-03-02')");
  await database.ok(['capture', 'off']);
  expect(await database.rows('select 1 from change_queue union all select 1 from captured_day')).toEqual([]);
});

test('a mark of a user of whom nothing is wrong is struck off', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await database.ok(['etl', '--date', '2025-03-01']);
  await database.client.query(`insert into stale_mark (user_id, reason) values ('${userId(1)}', 'a test')`);
  await database.ok(['etl', '--date', '2025-03-01']);
  expect(await database.rows('select 1 from stale_mark')).toEqual([]);
});

test('a rebuild is cut into batches by its taps, and only the first one empties the tables', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  for (const day of [1, 2, 3]) await addTap(database, 1, 2, `2025-03-0${day}T08:00Z`);
  await database.ok(['etl', '--date', '2025-03-03']);
  const settings = { ARC_GAM_BATCH_TAPS: '1' };
  const { stdout } = await database.ok(['backfill', '--rebuild', '--to', '2025-03-03', '--json'], settings);
  expect(jsonLines(stdout).find(({ event }) => event === 'plan')).toMatchObject({ batchCount: 3 });
  expect(await days()).toHaveLength(3);
});

test('days that are marked, outdated or missing are not frozen', async () => {
  database = await createDatabase();
  const { client } = database;
  await addUsers(database, 1, 2);
  for (const day of [1, 3]) await addTap(database, 1, 2, `2025-03-0${day}T08:00Z`);
  await database.ok(['etl', '--date', '2025-03-03']);
  for (const spoil of [
    "insert into stale_mark (day, reason) values ('2025-03-01', 'a test')",
    "update processed_day set steps_sha256 = 'older' where day = '2025-03-01'",
    "delete from processed_day where day = '2025-03-02'",
  ]) {
    await client.query(spoil);
    const { code, stderr } = await database.cli(['freeze', '--before', '2025-03-03']);
    expect([spoil, code, stderr]).toEqual([spoil, 1, expect.stringContaining('is not as the source says')]);
    await database.ok(['etl', '--date', '2025-03-03']);
  }
  await database.ok(['freeze', '--before', '2025-03-03']);
});

test('a rebuild that names no zone keeps the recorded one, also where it was killed', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-02T03:00Z');
  await database.ok(['etl', '--date', '2025-03-02'], { ARC_GAM_TZ: 'America/New_York' });
  await database.ok(['backfill', '--rebuild', '--to', '2025-03-02']);
  expect(await activity('2025-03-01')).toEqual(both);
  // As it leaves them when it is killed after it has emptied the tables.
  await database.client.query('delete from gamification.processed_day');
  await database.ok(['etl', '--date', '2025-03-02']);
  expect([await activity('2025-03-01'), await activity('2025-03-02')]).toEqual([both, []]);
  await database.ok(['backfill', '--rebuild', '--to', '2025-03-02'], { ARC_GAM_TZ: 'UTC' });
  expect(await activity('2025-03-02')).toEqual(both);
});

test('what was written past the triggers is found by --lookback, and by verify --repair', async () => {
  database = await createDatabase();
  const { client } = database;
  await addUsers(database, 1, 2);
  for (const day of ['2025-03-01', '2025-03-02', '2025-03-03']) await addTap(database, 1, 2, `${day}T08:00Z`);
  await database.ok(['capture', 'on']);
  await database.ok(['etl', '--date', '2025-03-04']);
  await database.ok(['etl', '--date', '2025-03-04']);
  const pastTriggers = (day: string) =>
    client.query(
      `set session_replication_role = replica; delete from public.taps where time = '${day}T08:00Z'; reset session_replication_role`,
    );
  await pastTriggers('2025-03-03');
  await database.ok(['etl', '--date', '2025-03-04']);
  expect(await activity('2025-03-03')).toEqual(both);
  await database.ok(['etl', '--date', '2025-03-04', '--lookback', '3']);
  expect(await activity('2025-03-03')).toEqual([]);
  await pastTriggers('2025-03-01');
  const verified = await database.cli(['verify', '--full']);
  expect([verified.code, verified.stderr]).toEqual([3, expect.stringContaining('verify --full --repair')]);
  await database.ok(['verify', '--full', '--repair']);
  expect(await activity('2025-03-01')).toEqual([]);
});
