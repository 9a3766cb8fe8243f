import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { command, jsonLines, startCli } from '../command/cli.js';
import { addTap, addUsers, createDatabase, type TestDatabase, untilWaitedFor } from './database.js';
import { testUnless } from './lacking.js';
import { openProxy } from './proxy.js';

let database: TestDatabase;
let blocker: pg.Client;

/** One day to derive, and a lock that keeps its batch from ending. */
beforeEach(async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2026-01-01T10:00Z');
  blocker = new pg.Client({ connectionString: database.url });
  await blocker.connect();
  await blocker.query('begin; lock table gamification.user_streaks in access exclusive mode');
});
afterEach(async () => {
  await blocker.end();
  await database.drop();
});

const etl = (url = database.url, environment: NodeJS.ProcessEnv = {}) =>
  startCli(['etl', '--date', '2026-01-01', '--json'], {
    DATABASE_URL: url,
    ARC_GAM_LOCK_TIMEOUT_MS: '100000',
    ...environment,
  });

const untilBatchWaits = () => untilWaitedFor(database, 'user_streaks');

const days = async () =>
  Number((await database.rows<{ count: string }>('select count(*) from processed_day'))[0]?.count);

const failure = (stdout: string) => jsonLines(stdout).find(({ event }) => event === 'failed');

test.each([
  'SIGTERM',
  'SIGINT',
] as const)('%s rolls the batch back, exits 1 at once, and the next run goes on', async (signal) => {
  const run = etl();
  await untilBatchWaits();
  const sent = performance.now();
  run.child.kill(signal);
  const result = await run.ended;
  expect(performance.now() - sent).toBeLessThan(3_500);
  expect(result.code).toBe(1);
  expect(failure(result.stdout)).toMatchObject({
    message: expect.stringContaining(`Stopped by ${signal}. What was under way was rolled back`),
  });
  expect(await days()).toBe(0);
  await blocker.query('rollback');
  expect(await database.rows('select state from run')).toEqual([{ state: 'stopped' }]);
  await database.ok(['etl', '--date', '2026-01-01']);
  expect(await days()).toBe(1);
});

test('a second signal ends the run at once, with the code that a shell gives it', async () => {
  const proxy = await openProxy(database.url);
  const run = etl(proxy.url);
  await untilBatchWaits();
  proxy.freeze();
  run.child.kill('SIGINT');
  // Of two that arrive at the same moment either may be handled first.
  await new Promise((resolve) => setTimeout(resolve, 500));
  run.child.kill('SIGTERM');
  expect(await run.ended).toMatchObject({ code: 143, signal: null });
  proxy.close();
});

testUnless(existsSync('/dev/full') ? null : 'no /dev/full')(
  'output that can not be written is an error in words',
  () => {
    const full = openSync('/dev/full', 'w');
    const call = (args: readonly string[], stdio: ('pipe' | number)[]) =>
      spawnSync(process.execPath, [command, ...args], { stdio: ['ignore', ...stdio], encoding: 'utf8' });
    for (const args of [['step'], ['step', '--json']]) {
      const { status, stderr } = call(args, [full, 'pipe']);
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/^Error: stdout can't be written \(ENOSPC.*\n$/),
      ]);
    }
    expect(call(['step', '--none'], ['pipe', full]).status).toBe(1);
    closeSync(full);
  },
);

test('a reader that closes the pipe does not leave the run half done', async () => {
  const run = etl();
  await untilBatchWaits();
  run.child.stdout.destroy();
  await blocker.query('rollback');
  expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
  expect(await database.rows('select state from run')).toEqual([{ state: 'done' }]);
});

test('an error that nobody reads has its exit code', async () => {
  const run = startCli(['etl'], { DATABASE_URL: 'postgres://me@127.0.0.1:1/db' });
  run.child.stderr.destroy();
  expect(await run.ended).toMatchObject({ code: 5, signal: null });
});

test('SIGTERM ends the run within 5 s although the server can no longer be told', async () => {
  const proxy = await openProxy(database.url);
  const run = etl(proxy.url);
  await untilBatchWaits();
  proxy.freeze();
  const sent = performance.now();
  run.child.kill('SIGTERM');
  const result = await run.ended;
  expect(performance.now() - sent).toBeLessThan(5_000);
  expect(result).toMatchObject({ code: 1, signal: null });
  expect(failure(result.stdout)).toMatchObject({
    message: expect.stringContaining('the connection was dropped'),
  });
  proxy.close();
  await blocker.query('rollback');
  await database.ok(['etl', '--date', '2026-01-01', '--wait', '20']);
  expect(await database.rows('select state from run order by run_id')).toEqual([
    { state: 'dead' },
    { state: 'done' },
  ]);
});

describe.each([
  ['hangs up', (socket: Socket) => socket.destroy()],
  ['says nothing', (socket: Socket) => socket.resume()],
])('a signal ends at once the wait for a server that %s', (_what, answer) => {
  const waitFor = async (args: readonly string[], words: string | null) => {
    const server = createServer((socket) => answer(socket.on('error', () => undefined)));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const isTried = once(server, 'connection');
    const waiting = startCli(args, {
      DATABASE_URL: `postgres://me@127.0.0.1:${(server.address() as AddressInfo).port}/db`,
      ARC_GAM_DATABASE_WAIT_SECONDS: '600',
    });
    await isTried;
    if (words !== null) await waiting.says(words);
    waiting.child.kill('SIGINT');
    const result = await waiting.ended;
    server.close();
    return result;
  };

  test.each(['etl', 'status', 'migrate'])('%s', async (command) => {
    const { code, stderr } = await waitFor([command], null);
    expect(stderr).toContain('Stopped by SIGINT. What was under way was rolled back');
    expect(code).toBe(1);
  });

  test('serve', async () => {
    expect(await waitFor(['serve', '--port', '0'], 'Listening')).toMatchObject({ code: 0, stderr: '' });
  });
});

test('a signal ends a run that has lost its server and connects again', async () => {
  const proxy = await openProxy(database.url);
  const run = etl(proxy.url, { ARC_GAM_DATABASE_WAIT_SECONDS: '600' });
  await untilBatchWaits();
  const isTried = proxy.isTried();
  proxy.freeze();
  proxy.cut();
  await isTried;
  run.child.kill('SIGTERM');
  const result = await run.ended;
  proxy.close();
  expect(failure(result.stdout)).toMatchObject({
    message: expect.stringContaining('Stopped by SIGTERM. What was under way was rolled back'),
  });
});

test('a signal ends what migrate is at, also where it would soon be done', async () => {
  const migrate = startCli(['migrate', 'down', '--all'], {
    DATABASE_URL: database.url,
    ARC_GAM_LOCK_TIMEOUT_MS: '100000',
  });
  await untilBatchWaits();
  migrate.child.kill('SIGTERM');
  const { code, stderr } = await migrate.ended;
  expect(stderr).toContain('Stopped by SIGTERM. What was under way was rolled back');
  expect(code).toBe(1);
  await blocker.query('rollback');
  expect((await database.ok(['migrate', 'status'])).stdout).not.toContain('pending');
});

test('capture says whom it waits for, and a signal ends the wait', async () => {
  const run = etl();
  await untilBatchWaits();
  const capture = startCli(['capture', 'on', '--wait', '600', '--log-format', 'json'], {
    DATABASE_URL: database.url,
  });
  await capture.says('Waiting for arc-gam etl');
  capture.child.kill('SIGTERM');
  const { code, stdout } = await capture.ended;
  expect(code).toBe(1);
  expect(stdout).toContain('Waiting for arc-gam etl');
  expect(failure(stdout)).toMatchObject({ message: expect.stringContaining('Stopped by SIGTERM') });
  await blocker.query('rollback');
  await run.ended;
});

test('a run that is stopped and continued ends as if nothing had been', async () => {
  const run = etl();
  await untilBatchWaits();
  run.child.kill('SIGTSTP');
  run.child.kill('SIGSTOP');
  await blocker.query('rollback');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  run.child.kill('SIGCONT');
  const result = await run.ended;
  expect(result).toMatchObject({ code: 0 });
  expect(jsonLines(result.stdout).at(-1)).toMatchObject({ event: 'ended', retryCount: 0, dayCount: 1 });
});

test('a run whose connections were cut while it was stopped tries the batch again', async () => {
  const run = etl();
  await untilBatchWaits();
  run.child.kill('SIGTSTP');
  run.child.kill('SIGSTOP');
  await database.client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'arc-gam%'",
  );
  await blocker.query('rollback');
  run.child.kill('SIGCONT');
  const result = await run.ended;
  expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
  const ended = jsonLines(result.stdout).at(-1);
  expect(ended).toMatchObject({ event: 'ended', dayCount: 1 });
  expect(ended?.retryCount).toBeGreaterThan(0);
  expect(await days()).toBe(1);
});

test('a failover to a host that drops packets at first is waited for', async () => {
  const proxy = await openProxy(database.url);
  const url = new URL(proxy.url);
  url.searchParams.set('connect_timeout', '1');
  const run = etl(url.href, { ARC_GAM_DATABASE_WAIT_SECONDS: '600' });
  await untilBatchWaits();
  proxy.freeze();
  proxy.cut();
  await run.says('did not answer within 1 s');
  await blocker.query('rollback');
  proxy.thaw();
  const result = await run.ended;
  proxy.close();
  expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
  expect(await days()).toBe(1);
});

test('a scheduler that fires twice: one run works, the other exits 4 or waits and finds nothing to do', async () => {
  const run = etl();
  await untilBatchWaits();
  const hasty = await database.cli(['etl', '--date', '2026-01-01']);
  expect(hasty).toMatchObject({ code: 4, stderr: expect.stringContaining('Another run holds the lock') });
  const patient = startCli(['etl', '--date', '2026-01-01', '--wait', '60', '--json'], {
    DATABASE_URL: database.url,
  });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await blocker.query('rollback');
  expect(await run.ended).toMatchObject({ code: 0 });
  const waited = await patient.ended;
  expect(waited).toMatchObject({ code: 0 });
  expect(jsonLines(waited.stdout).at(-1)).toMatchObject({ event: 'ended', dayCount: 0, runId: null });
});

test('what holds the lock of a run keeps no snapshot, which would stop every vacuum', async () => {
  const run = etl();
  await untilBatchWaits();
  const holders = await database.rows(
    `select pg_stat_activity.backend_xmin
     from pg_locks
     join pg_stat_activity on pg_stat_activity.pid = pg_locks.pid
     where pg_locks.locktype = 'advisory' and pg_stat_activity.datname = current_database()`,
  );
  await blocker.query('rollback');
  expect(await run.ended).toMatchObject({ code: 0 });
  expect(holders).toEqual([{ backend_xmin: null }]);
});

test('every task but the first ends at once and says why', async () => {
  const result = await database.cli(['etl'], { CLOUD_RUN_JOB: 'arc-gam', CLOUD_RUN_TASK_INDEX: '1' });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(jsonLines(result.stdout)).toMatchObject([
    { severity: 'NOTICE', message: expect.stringContaining('taskCount to 1') },
  ]);
  expect(await days()).toBe(0);
});
