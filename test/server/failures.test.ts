import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { readSettings } from '../../src/config.js';
import { withDatabase } from '../../src/db/database.js';
import { withTransaction } from '../../src/db/transaction.js';
import { jsonLines, startCli } from '../command/cli.js';
import { addTap, addUsers, filledOnce, type TestDatabase, userId } from './database.js';

// The failures of docs/operations.md.

let database: TestDatabase;
let copy: () => Promise<TestDatabase>;
beforeAll(async () => {
  copy = await filledOnce(async (filled) => {
    await addUsers(filled, 1, 2, 3);
    await addTap(filled, 1, 2, '2026-02-03T10:00Z');
    await addTap(filled, 2, 3, '2026-02-03T23:30Z');
    await addTap(filled, 1, 3, '2026-02-05T10:00Z');
    await filled.ok(['etl', '--date', '2026-02-05']);
  });
});
beforeEach(async () => {
  database = await copy();
});
afterEach(() => database.drop());

const days = () =>
  database.rows('select day::text, tap_count::text from user_day_activity where user_id = $1 order by day', [
    userId(3),
  ]);

test('a mapping that migrate has not seen is told by a run and by status', async () => {
  await database.client.query('alter table public.users add column hidden boolean default true');
  const settings = { ARC_GAM_USERS_OPT_OUT: 'hidden', ARC_GAM_TAPS_ID: 'id' };
  const etl = ['etl', '--date', '2026-02-05'];
  const told = 'ARC_GAM_USERS_OPT_OUT: the views were made with other settings';
  expect((await database.ok(etl, settings)).stderr).toContain(told);
  expect((await database.cli(['status'], settings)).stdout).toContain(told);
  await database.ok(['migrate'], settings);
  expect((await database.ok(etl, settings)).stderr).toBe('');
  expect((await database.ok(etl)).stderr).toBe('');

  const hidden = async () => (await database.rows('select from app_user where opted_out')).length;
  expect(await hidden()).toBe(3);
  // As after an upgrade by a job that has not the variable.
  const unset = await database.ok(['migrate']);
  expect(unset.stdout).toContain('is up to date');
  expect(unset.stderr).toContain('kept as the views were made: ARC_GAM_USERS_OPT_OUT=hidden');
  await database.client.query('drop view tap cascade');
  expect((await database.ok(['migrate'])).stdout).toContain('made anew');
  expect(await hidden()).toBe(3);
  const back = { ARC_GAM_USERS_OPT_OUT: '(false)' };
  expect((await database.ok(etl, back)).stderr).toContain(told);
  await database.ok(['migrate'], back);
  expect(await hidden()).toBe(0);
  expect((await database.ok(etl, settings)).stderr).toContain(told);
});

test('a source table that is renamed: status says so, and migrate makes the views anew', async () => {
  await database.client.query(`alter table public.taps rename to taps_old;
    create table public.taps (like public.taps_old including all);
    insert into public.taps select * from public.taps_old`);
  await addTap(database, 1, 2, '2026-02-05T11:00Z');
  const [status] = jsonLines((await database.cli(['status', '--json'])).stdout) as {
    attention: { what: string; command: string }[];
  }[];
  expect(status?.attention[0]).toMatchObject({ command: 'arc-gam migrate' });
  expect(status?.attention[0]?.what).toContain('The runs read public.taps_old, which was public.taps');
  expect((await database.ok(['migrate', '--dry-run'])).stdout).toContain('create view tap');
  expect((await database.ok(['migrate'])).stdout).toContain('made anew');
  await database.client.query('drop table public.taps_old');
  await database.ok(['etl', '--date', '2026-02-05']);
  expect(await database.rows('select tap_count from processed_day order by day desc limit 1')).toEqual([
    { tap_count: '2' },
  ]);
  expect((await database.cli(['status'])).stdout).not.toContain('taps_old');
  expect((await database.ok(['migrate'])).stdout).toContain('is up to date');
});

test("the zone's rules change: the next run moves the days that it touches", async () => {
  // What a tzdata update does to a zone, done to the recorded one: midnight is another moment.
  await database.client.query("update setting set value = 'Etc/GMT-1' where key = 'zone'");
  const noticed = await database.cli(['verify', '--full']);
  expect(noticed.code).toBe(3);
  expect(noticed.stdout).toContain('2026-02-03');
  await database.ok(['etl', '--date', '2026-02-05']);
  expect(await days()).toEqual([
    { day: '2026-02-04', tap_count: '1' },
    { day: '2026-02-05', tap_count: '1' },
  ]);
  await database.ok(['verify', '--full']);
});

test('with capture nobody notes it: verify finds it, capture off and on makes a run look at all of history', async () => {
  await database.ok(['capture', 'on']);
  await database.ok(['etl', '--date', '2026-02-05']);
  await database.client.query("update setting set value = 'Etc/GMT-1' where key = 'zone'");
  expect((await database.cli(['verify', '--full'])).code).toBe(3);
  await database.ok(['capture', 'off']);
  await database.ok(['capture', 'on']);
  await database.ok(['etl', '--date', '2026-02-05']);
  await database.ok(['verify', '--full']);
});

test('a clock a day ahead: what its run could not see yet is found by the next', async () => {
  const today = new Date().toISOString().slice(0, 10);
  await addTap(database, 1, 2, `${today}T00:00:01Z`);
  // The run of a clock that is a day ahead takes today for yesterday.
  await database.ok(['etl', '--date', today]);
  await addTap(database, 1, 2, `${today}T00:00:02Z`);
  await database.ok(['etl', '--date', today]);
  await database.ok(['verify', '--full']);
  expect(await database.rows('select tap_count from processed_day order by day desc limit 1')).toEqual([
    { tap_count: '2' },
  ]);
});

test('a permission that is lost in the middle: nothing of the batch is kept, and the sentence names the grant', async () => {
  const role = `arc_gam_lost_${process.pid}`;
  await database.client.query(`create role ${role} login password 'lost';
    grant usage on schema gamification to ${role};
    grant select, insert, update, delete on all tables in schema gamification to ${role}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'lost';
  try {
    await addTap(database, 1, 2, '2026-02-05T12:00Z');
    const before = await days();
    // The batch waits here, with tables written before it, while the right to the next one goes.
    await database.client.query('begin; lock table user_day_activity in access exclusive mode');
    const run = startCli(['etl', '--date', '2026-02-05'], {
      DATABASE_URL: url.href,
      ARC_GAM_LOCK_TIMEOUT_MS: '60000',
    });
    for (;;) {
      const waiting = await database.rows(
        `select 1 as one from pg_locks where relation = 'gamification.user_day_activity'::regclass and not granted
         and database = (select oid from pg_database where datname = current_database())`,
      );
      if (waiting.length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await database.client.query(`revoke insert, update, delete on user_streaks from ${role}; commit`);
    const { code, stderr } = await run.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('user_streaks');
    expect(stderr).toContain('arc-gam grants');
    expect(await days()).toEqual(before);
    await database.ok(['etl', '--date', '2026-02-05']);
    await database.ok(['verify', '--full']);
  } finally {
    await database.client.query(`rollback`);
    await database.client.query(`drop owned by ${role}; drop role ${role}`);
  }
});

test("our views are in the way of a change of the application's table: dropped before it, migrate makes them anew", async () => {
  const change = 'alter table public.taps alter column time type timestamptz(3)';
  await expect(database.client.query(change)).rejects.toThrow('used by a view');
  await database.client.query(`drop view gamification.tap, gamification.app_user cascade; ${change}`);
  expect((await database.cli(['etl'])).stderr).toContain('Run: arc-gam migrate');
  await database.ok(['migrate']);
  await database.ok(['etl', '--date', '2026-02-05']);
  await database.ok(['verify', '--full']);
});

test('a table that somebody locks is no other run', async () => {
  await database.client.query('begin; lock table public.taps');
  for (const command of ['etl', 'status']) {
    const { code, stderr } = await database.cli([command], { ARC_GAM_LOCK_TIMEOUT_MS: '200' });
    expect({ command, code }).toEqual({ command, code: 1 });
    expect(stderr).toContain('A session holds a lock on a table for longer than ARC_GAM_LOCK_TIMEOUT_MS');
  }
  await database.client.query('rollback');
  await database.ok(['etl', '--date', '2026-02-05']);
});

test('a follow waits for a table that somebody locks', async () => {
  await database.ok(['capture', 'on']);
  await database.ok(['etl', '--date', '2026-02-05']);
  await addTap(database, 1, 2, '2026-02-05T13:00Z');
  await database.client.query('begin; lock table user_streaks');
  const follow = startCli(['follow', '--json'], {
    DATABASE_URL: database.url,
    ARC_GAM_LOCK_TIMEOUT_MS: '200',
  });
  await new Promise<void>((resolve) => {
    follow.child.stdout.on('data', (text: Buffer) => {
      if (text.includes('Waiting: A session holds a lock on a table')) resolve();
    });
    void follow.ended.then(() => resolve());
  });
  await database.client.query('rollback');
  follow.child.kill();
  expect(await follow.ended).toMatchObject({ code: 0 });
});

test('a server that only takes reads: exit 5, and what to give instead', async () => {
  await database.client.query(
    `alter database ${new URL(database.url).pathname.slice(1)} set default_transaction_read_only = on`,
  );
  for (const command of ['etl', 'backfill']) {
    const { code, stderr } = await database.cli([command]);
    expect({ command, code }).toEqual({ command, code: 5 });
    expect(stderr).toContain('This server only takes reads');
    expect(stderr).toContain('the primary');
  }
});

test('a value that an expression of the mapping can not take: the sentence names the settings', async () => {
  await database.client.query("alter table public.taps add column location text default 'n/a'");
  const part = "split_part(location, ',', 1)::double precision";
  await database.ok(['migrate'], { ARC_GAM_TAPS_LATITUDE: part });
  const { code, stderr } = await database.cli(['etl']);
  expect(code).toBe(1);
  expect(stderr).toContain('invalid input syntax for type double precision: "n/a"'.replace('i', 'I'));
  expect(stderr).toContain(
    "If that is an expression of ARC_GAM_TAPS_* or ARC_GAM_USERS_* that can't take a value",
  );
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const robust = /^ARC_GAM_TAPS_LATITUDE="(.*)"$/m.exec(readme)?.[1] ?? '';
  expect(robust).toContain(part);
  await database.ok(['migrate'], { ARC_GAM_TAPS_LATITUDE: robust });
  await database.ok(['etl', '--date', '2026-02-05']);
});

test("a user's id that changes: with the taps it is another person, without them a stranger; nothing of the old one stays", async () => {
  const of = async (user: number) =>
    (await database.rows('select 1 as one from user_day_activity where user_id = $1', [userId(user)])).length;
  await database.client.query('update public.users set id = $1 where id = $2', [userId(7), userId(3)]);
  await database.ok(['etl', '--date', '2026-02-05']);
  expect([await of(3), await of(7)]).toEqual([0, 0]);
  await database.client.query('update public.taps set id1 = $1 where id1 = $2', [userId(7), userId(3)]);
  await database.client.query('update public.taps set id2 = $1 where id2 = $2', [userId(7), userId(3)]);
  await database.ok(['etl', '--date', '2026-02-05']);
  expect([await of(3), await of(7)]).toEqual([0, 2]);
  await database.ok(['verify', '--full']);
});

test('two versions on one schema: each derives again what the other did, and status says so', async () => {
  await database.client.query("update processed_day set steps_sha256 = 'another version'");
  const told = await database.cli(['status']);
  expect(told.code).toBe(3);
  expect(told.stdout).toContain('derived by another version of the SQL');
  await database.ok(['etl', '--date', '2026-02-05']);
  await database.ok(['verify', '--full']);
});

test('source and figures restored to an earlier time: the next run goes on from there', async () => {
  await database.client.query("delete from processed_day where day > '2026-02-04'");
  await database.client.query("delete from public.taps where time > '2026-02-05'");
  await database.client.query('delete from user_streaks');
  await database.cli(['verify', '--full', '--repair']);
  await database.ok(['etl', '--date', '2026-02-06']);
  await database.ok(['verify', '--full']);
});

test('a connection that is lost while rows are streamed is an error at once, and so is a statement that fails', async () => {
  const settings = readSettings({ databaseUrl: database.url }, {});
  const streaming = (text: string) =>
    withDatabase(settings, 'test', undefined, (opened) =>
      withTransaction(opened, settings, async (session) => {
        for await (const _ of session.stream(text, [], 1));
      }),
    );
  const cut =
    'select case when n = 2 then pg_terminate_backend(pg_backend_pid()) end from generate_series(1, 3) as n';
  await expect(streaming(cut)).rejects.toThrow('terminating connection');
  await expect(streaming('select 1 / (n - 2) from generate_series(1, 3) as n')).rejects.toThrow(
    'division by zero',
  );
});
