import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, test as plainTest } from 'vitest';
import { type EmbeddedServer, startEmbedded } from '../../src/demo/embedded.js';
import { addDays } from '../../src/pipeline/plan.js';
import { jsonLines, runCli, startCli } from '../command/cli.js';
import { differencesOf } from '../figures/figures.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';
import { onOneDay } from '../server/day.js';

let database: TestDatabase;
let today: string;
const started: ReturnType<typeof startCli>[] = [];

/** A test beside followers, which do not outlive it; what they count depends on the day that it is. */
const test = (name: string, use: () => Promise<void>, timeoutMs?: number) => {
  const follow = onOneDay(async (own, day) => {
    database = own;
    today = day;
    try {
      await use();
    } finally {
      for (const { child, ended } of started.splice(0)) {
        child.kill('SIGKILL');
        await ended;
      }
    }
  });
  plainTest(name, follow, timeoutMs);
};

const startFollow = (environment: NodeJS.ProcessEnv = {}, ...more: string[]) => {
  const process = startCli(['follow', '--every', '200ms', '--json', ...more], {
    DATABASE_URL: database.url,
    ...environment,
  });
  let stdout = '';
  process.child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  started.push(process);
  return { ...process, said: () => jsonLines(stdout.slice(0, stdout.lastIndexOf('\n') + 1)) };
};

/** Until a condition holds; the test fails with what did not happen. */
const until = async (what: string, isSo: () => Promise<boolean>, seconds = 30): Promise<number> => {
  const begun = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begun > seconds * 1000) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(50);
  }
  return performance.now() - begun;
};

const one = async <Row extends pg.QueryResultRow>(text: string): Promise<Row> => {
  const [row] = await database.rows<Row>(text);
  if (row === undefined) throw new Error(`no row: ${text}`);
  return row;
};

const counted = async () =>
  Number(
    (await one<{ sum: string }>('select coalesce(sum(tap_count), 0) as sum from user_day_activity')).sum,
  );

const nothingWaits = async () =>
  (
    await one<{ none: string }>(
      `select not exists (select 1 from change_queue) and not exists (select 1 from captured_day where day <= current_date)
         and not exists (select 1 from pg_stat_activity where datname = current_database() and application_name ~ '^arc-gam follow \\d') as none`,
    )
  ).none === 't';

const cycles = async () =>
  Number(
    (
      await one<{ count: string }>(
        "select coalesce(sum(batch_count), 0) as count from run where command = 'follow'",
      )
    ).count,
  );

const stop = async (follow: ReturnType<typeof startFollow>) => {
  const sent = performance.now();
  follow.child.kill('SIGTERM');
  const result = await follow.ended;
  return { ...result, ms: performance.now() - sent };
};

/** Every table against a rebuild in another schema. */
const expectRebuilt = async (to = 'today') => {
  const environment = { ARC_GAM_SCHEMA: 'rebuilt', DATABASE_URL: database.url };
  expect(await runCli(['migrate'], environment)).toMatchObject({ code: 0 });
  await database.client.query(`
    delete from rebuilt.quest_definitions;
    insert into rebuilt.quest_definitions table gamification.quest_definitions`);
  const { day } = await one<{ day: string }>(`select date '${to}' as day`);
  expect(await runCli(['etl', '--date', day], environment)).toMatchObject({ code: 0 });
  expect(await differencesOf(database.client, 'gamification', 'rebuilt')).toEqual([]);
};

const captured = async () => {
  await addUsers(database, 1, 2, 3, 4, 5, 6);
  await addTap(database, 1, 2, ago(3));
  await addTap(database, 2, 3, ago(2));
  await database.ok(['capture', 'on']);
  await database.ok(['etl']);
};

const ago = (days: number): string => `${addDays(today, -days)}T00:00Z`;

test('what a follow needs is said before it begins, with the command', async () => {
  const noCapture = await database.cli(['follow']);
  expect(noCapture).toMatchObject({ code: 2, stderr: expect.stringContaining('arc-gam capture on') });

  await captured();
  const role = `arc_gam_follow_reader_${process.pid}`;
  await database.client.query(
    `create role ${role} login password 'reader'; grant usage on schema gamification to ${role}; grant select, insert on all tables in schema gamification to ${role}`,
  );
  const reader = new URL(database.url);
  reader.username = role;
  reader.password = 'reader';
  const mayNot = await database.cli(['follow'], { DATABASE_URL: reader.href });
  await database.client.query(`drop owned by ${role}; drop role ${role}`);
  expect(mayNot).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`'${role}' may not write the rollups`),
  });
  expect(mayNot.stderr).toContain('arc-gam grants');

  const zone = await database.cli(['follow'], { ARC_GAM_TZ: 'Asia/Kolkata' });
  expect(zone).toMatchObject({ code: 2, stderr: expect.stringContaining('ARC_GAM_TZ=UTC') });

  await database.client.query('alter table public.taps disable trigger user');
  const broken = await database.cli(['follow']);
  expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining('capture, which is broken') });

  const empty = await createDatabase({ empty: true });
  const unmigrated = await empty.cli(['follow']);
  await empty.drop();
  expect(unmigrated).toMatchObject({ code: 1, stderr: expect.stringContaining('arc-gam migrate') });
  expect(await database.rows("select 1 from run where command like 'follow%'")).toEqual([]);
});

test('a tap is counted within seconds, whatever else happens is one cycle, and all of it equals a rebuild', async () => {
  await captured();
  const follow = startFollow();
  await until(
    'the running day is counted',
    async () =>
      (await one<{ day: string }>('select max(day) as day from processed_day')).day >= ago(0).slice(0, 10),
  );
  await addTap(database, 1, 3, ago(0));
  await until('the tap is counted', async () => (await counted()) === 6);
  await until('the cycle is over', nothingWaits);

  // Three statements of one transaction, 3,000 taps of two months: one cycle.
  const before = await cycles();
  await database.client.query(`begin;
    insert into public.taps (id1, id2, time, latitude, longitude)
    select ('00000000-0000-4000-8000-' || lpad((1 + n % 6)::text, 12, '0'))::uuid,
      ('00000000-0000-4000-8000-' || lpad((1 + (n * n + 1) % 6)::text, 12, '0'))::uuid,
      date_trunc('day', now()) - n % 60 * interval '1 day', 40.7, -74
    from generate_series(1, 3000) as n;
    update public.taps set time = time - interval '1 day' where latitude is null;
    delete from public.users where id = '${userId(6)}';
    commit`);
  await until('the burst is counted', async () => (await cycles()) > before && (await nothingWaits()));
  expect(await cycles()).toBe(before + 1);
  await expectRebuilt();

  // Quests that an operator edits, and an erased person, with no tap at all.
  await database.client.query(
    `update gamification.quest_definitions set requirements = jsonb_set(requirements, '{target}', '2') where slug = (select min(slug) from gamification.quest_definitions)`,
  );
  await until(
    'the quest is derived again',
    async () =>
      (
        await one<{ same: string }>(
          'select not exists (select 1 from quest_rule left join quest_derived using (quest_id) where quest_derived.digest is distinct from quest_rule.digest) as same',
        )
      ).same === 't',
  );
  await database.client.query(`delete from public.users where id = '${userId(5)}'`);
  await until(
    'the person is gone',
    async () =>
      (await database.rows(`select 1 from user_streaks where user_id = '${userId(5)}'`)).length === 0,
  );
  await until('nothing waits', nothingWaits);
  await expectRebuilt();

  await database.client.query('truncate public.taps');
  await until('the truncate is counted', async () => (await counted()) === 0 && (await nothingWaits()));
  await addTap(database, 1, 2, ago(1));
  await until('a tap after it is counted', async () => (await counted()) === 2);
  await until('nothing waits', nothingWaits);
  await expectRebuilt();

  const ended = await stop(follow);
  expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(ended.ms).toBeLessThan(5_000);
  const last = jsonLines(ended.stdout).at(-1);
  expect(last).toMatchObject({ event: 'followed', cycles: expect.any(Number) });
  expect(last?.cycles).toBeGreaterThanOrEqual(5);
  // All its cycles are one run, and what their steps did is noted of it.
  expect(await database.rows("select command, state, message from run where command like 'follow%'")).toEqual(
    [{ command: 'follow', state: 'done', message: null }],
  );
  const [noted] = await database.rows(
    "select rows_inserted > 0 as has_rows from run_step join run using (run_id) where command = 'follow' and step = 'user_day_activity'",
  );
  expect(noted).toEqual({ has_rows: 't' });
}, 240_000);

test('an etl gets its turn between two cycles, a second follow waits and takes over', async () => {
  await captured();
  const first = startFollow();
  await until('the first follows', async () => (await cycles()) > 0);
  const second = startFollow();
  await until('the second says whom it waits for', async () =>
    second
      .said()
      .some(({ message }) => /Another follow is at work: arc-gam follow pid \d+/.test(String(message))),
  );

  let stopped = false;
  const taps = (async () => {
    while (!stopped) {
      await addTap(database, 1, 2, ago(0));
      await sleep(20);
    }
  })();
  for (let run = 0; run < 3; run += 1) {
    expect(await database.cli(['etl', '--json'])).toMatchObject({ code: 0, stderr: '' });
  }
  stopped = true;
  await taps;
  const status = await database.cli(['status', '--json']);
  await until('nothing waits', nothingWaits);
  await database.ok(['verify', '--full']);
  const [{ live }] = jsonLines(status.stdout) as [{ live: Record<string, unknown> }];
  expect(live.follower).toMatch(new RegExp(`^arc-gam follow pid ${first.child.pid} `));
  expect(live.cycle_count).toBeGreaterThan(0);
  expect(live.median_ms).toBeGreaterThan(0);
  expect((await database.cli(['status'])).stdout).toMatch(/live +followed by arc-gam follow pid/);
  // What it is about to count wants nobody's attention.
  await until('nothing waits', nothingWaits);
  first.child.kill('SIGSTOP');
  await addTap(database, 1, 2, ago(0));
  const waiting = await database.cli(['status', '--json']);
  first.child.kill('SIGCONT');
  const [about] = jsonLines(waiting.stdout) as { changedDays: unknown[]; attention: unknown[] }[];
  expect(about).toMatchObject({ changedDays: [{ day: ago(0).slice(0, 10) }], attention: [] });

  first.child.kill('SIGKILL');
  await first.ended;
  await addTap(database, 3, 4, ago(0));
  await until(
    'the second has taken over',
    async () =>
      (await database.rows(`select 1 from user_streaks where user_id = '${userId(4)}'`)).length === 1,
  );
  // One cycle while another follow is at work takes nobody's place.
  await addTap(database, 3, 5, ago(0));
  expect(await database.cli(['follow', '--once', '--json'])).toMatchObject({ code: 0, stderr: '' });
  expect((await database.rows(`select 1 from user_streaks where user_id = '${userId(5)}'`)).length).toBe(1);
  expect(await stop(second)).toMatchObject({ code: 0, stderr: '' });
  const runs = await database.rows<{ command: string; state: string }>(
    'select command, state from run order by run_id',
  );
  expect(runs.filter(({ command }) => command === 'follow')).toEqual([
    { command: 'follow', state: 'dead' },
    { command: 'follow', state: 'done' },
  ]);
  expect(runs.filter(({ command, state }) => command !== 'follow' && state !== 'done')).toEqual([]);
  await until('nothing waits', nothingWaits);
  await expectRebuilt();
}, 240_000);

test('SIGTERM in the middle of a cycle rolls it back and exits 0 within 5 s; --once meets whoever holds the lock', async () => {
  await captured();
  const follow = startFollow({ ARC_GAM_LOCK_TIMEOUT_MS: '100000' });
  await until('it follows', async () => (await cycles()) > 0 && (await nothingWaits()));
  const blocker = new pg.Client({ connectionString: database.url });
  blocker.on('error', () => undefined);
  await blocker.connect();
  await blocker.query('begin; lock table gamification.user_streaks in access exclusive mode');
  // A run that holds the lock for long: said, and nothing fails.
  const stuck = `select 1 from pg_locks where not granted and relation = 'gamification.user_streaks'::regclass
    and database = (select oid from pg_database where datname = current_database())`;
  follow.child.kill('SIGSTOP');
  await addTap(database, 1, 2, ago(1));
  const etl = startCli(['etl'], { DATABASE_URL: database.url, ARC_GAM_LOCK_TIMEOUT_MS: '100000' });
  await until('the etl waits', async () => (await database.rows(stuck)).length > 0);
  follow.child.kill('SIGCONT');
  await until('it says for whom it waits', async () =>
    follow
      .said()
      .some(({ message }) => /^Waiting: Another run holds the lock .*: arc-gam etl /.test(String(message))),
  );
  await blocker.query('rollback');
  expect(await etl.ended).toMatchObject({ code: 0 });
  await until('nothing waits', nothingWaits);
  await blocker.query('begin; lock table gamification.user_streaks in access exclusive mode');
  await addTap(database, 1, 4, ago(0));
  await until(
    'a cycle waits',
    async () =>
      (
        await database.rows(
          "select 1 from pg_locks where not granted and relation = 'gamification.user_streaks'::regclass and database = (select oid from pg_database where datname = current_database())",
        )
      ).length > 0,
  );
  const ended = await stop(follow);
  expect(ended).toMatchObject({ code: 0, signal: null });
  expect(ended.ms).toBeLessThan(5_000);
  expect(await database.rows("select state from run where command = 'follow'")).toEqual([{ state: 'done' }]);
  const once = startCli(['follow', '--once'], { DATABASE_URL: database.url, ARC_GAM_LOCK_TIMEOUT_MS: '300' });
  expect(await once.ended).toMatchObject({ code: 1 });
  await blocker.query('rollback');
  await blocker.end();
  expect(await counted()).toBe(6);
  await database.ok(['follow', '--once']);
  expect(await counted()).toBe(8);
  await expectRebuilt();
}, 120_000);

test('nothing to count makes no cycle: not a tap of the future, not a mark that stays', async () => {
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, ago(-3));
  await database.ok(['capture', 'on']);
  // An application whose only tap is one of the future has no first day yet.
  const follow = startFollow();
  await until('it looks', async () => follow.said().some(({ event }) => event === 'minute'));
  await sleep(1_000);
  expect(follow.child.exitCode).toBeNull();
  expect(await cycles()).toBe(0);
  await addTap(database, 1, 2, ago(0));
  await until('the tap of today is counted', async () => (await counted()) === 2);
  await until('nothing waits', nothingWaits);
  await addTap(database, 1, 2, ago(-2));
  await database.client.query(
    `insert into gamification.stale_mark (user_id, reason) values ('${userId(1)}', 'test'); insert into gamification.stale_mark (day, reason) values ('2030-01-01', 'test')`,
  );
  await sleep(3_000);
  const ended = await stop(follow);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(jsonLines(ended.stdout).at(-1)?.cycles).toBeLessThanOrEqual(5);
  expect(await counted()).toBe(2);
  const [{ live }] = jsonLines((await database.cli(['status', '--json'])).stdout) as [
    { live: Record<string, unknown> },
  ];
  expect(live).toMatchObject({ follower: null, oldest_change_ms: null });
}, 120_000);

test('a follower that waits keeps no snapshot, which would stop every vacuum of the database', async () => {
  await captured();
  const follow = startFollow({}, '--every', '60s');
  await until('its first line', async () => follow.said().some(({ event }) => event === 'minute'));
  await until('the end of its cycle', nothingWaits);
  expect(
    await database.rows(
      `select application_name, backend_xmin from pg_stat_activity
       where datname = current_database() and application_name like 'arc-gam follow%' and backend_xmin is not null`,
    ),
  ).toEqual([]);
  expect(await stop(follow)).toMatchObject({ code: 0 });
});

test('capture that is switched off ends it with the command, and closes its run as failed', async () => {
  await captured();
  const follow = startFollow();
  await until('it follows', async () => (await cycles()) > 0);
  await database.ok(['capture', 'off']);
  // At its next look, and not only when it looks at the triggers, once a minute.
  const result = await Promise.race([follow.ended, sleep(30_000).then(() => null)]);
  expect(result).toMatchObject({ code: 2 });
  expect(result?.stdout).toContain('arc-gam capture on');
  expect(await database.rows("select state from run where command = 'follow'")).toEqual([
    { state: 'failed' },
  ]);
});

test('a connection that is cut while it looks whether it may follow is made again', async () => {
  await captured();
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query('begin; lock table gamification.setting in access exclusive mode');
  startFollow();
  const cut = `select pg_terminate_backend(pid)::text as is_cut from pg_stat_activity
    where datname = current_database() and application_name like 'arc-gam follow%' and wait_event_type = 'Lock'`;
  await until('it asks for the zone and is cut', async () => (await database.rows(cut)).length > 0);
  await holder.end();
  await until('it follows', async () => (await cycles()) > 0);
});

test('a server that is restarted is waited for, and then it goes on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'arc-gam-follow-'));
  chmodSync(folder, 0o755);
  const settings = { fsync: 'off', full_page_writes: 'off' };
  let server: EmbeddedServer = await startEmbedded({ directory: join(folder, 'server'), settings });
  const port = Number(new URL(server.url).port);
  const query = async (text: string) => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      return (await client.query(text)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  try {
    await query(`
      create table users (id uuid primary key, name text, home text);
      create table taps (id serial primary key, id1 uuid, id2 uuid, time timestamptz, latitude double precision, longitude double precision);
      insert into users (id) values ('${userId(1)}'), ('${userId(2)}')`);
    expect(await runCli(['migrate'], { DATABASE_URL: server.url })).toMatchObject({ code: 0 });
    expect(await runCli(['capture', 'on'], { DATABASE_URL: server.url })).toMatchObject({ code: 0 });
    const follow = startFollow({ DATABASE_URL: server.url, ARC_GAM_DATABASE_WAIT_SECONDS: '0' });
    const tap = () =>
      query(`insert into taps (id1, id2, time) values ('${userId(1)}', '${userId(2)}', now())`);
    const isCounted = (taps: number) => async () =>
      (await query('select sum(tap_count)::int as sum from gamification.user_day_activity'))[0]?.sum === taps;
    await tap();
    await until('the first tap is counted', isCounted(2));
    process.kill(server.pid, 'SIGQUIT');
    await until('the loss is said', async () =>
      follow.said().some(({ message }) => /Waiting for the server/.test(String(message))),
    );
    await sleep(1_500);
    server = await startEmbedded({ directory: join(folder, 'server'), settings, port });
    await tap();
    await until('a tap after the restart is counted', isCounted(4));
    process.kill(server.pid, 'SIGQUIT');
    await sleep(1_000);
    const ended = await stop(follow);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.ms).toBeLessThan(5_000);
    expect(jsonLines(ended.stdout).filter(({ event }) => event === 'notice')).toHaveLength(1);

    server = await startEmbedded({ directory: join(folder, 'server'), settings, port });
    const beforeFreeze = startFollow({ DATABASE_URL: server.url });
    await tap();
    await until('a tap before the freeze is counted', isCounted(6));
    const backends = (
      await query("select pid from pg_stat_activity where application_name like 'arc-gam follow%'")
    ).map(({ pid }) => Number(pid));
    const signalAll = (signal: NodeJS.Signals) => {
      for (const pid of backends)
        try {
          process.kill(pid, signal);
        } catch {
          // A connection that the follow has closed since.
        }
    };
    signalAll('SIGSTOP');
    await sleep(1_500);
    const frozen = await stop(beforeFreeze);
    signalAll('SIGCONT');
    expect(frozen).toMatchObject({ code: 0, stderr: '' });
    expect(frozen.ms).toBeLessThan(5_000);
  } finally {
    await server.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);

test('a mark of verify is a reason to derive although no tap waits, also one beside a cycle', async () => {
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, ago(5));
  await database.ok(['capture', 'on']);
  await database.ok(['etl']);
  startFollow();
  for (const reason of ['one', 'another']) {
    await database.client.query(
      'insert into stale_mark (day, reason) select min(day), $1 from processed_day',
      [reason],
    );
    await until(
      'the marked day is derived again',
      async () =>
        (await one<{ none: string }>('select not exists (select 1 from stale_mark) as none')).none === 't',
    );
  }
});
