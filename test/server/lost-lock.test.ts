import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startCli } from '../command/cli.js';
import { addTap, addUsers, createDatabase, type TestDatabase, untilWaitedFor } from './database.js';
import { openProxy, type ServerProxy } from './proxy.js';

let database: TestDatabase;
let proxy: ServerProxy;
let blocker: pg.Client;
beforeEach(async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2, 3);
  await addTap(database, 1, 2, '2026-01-10T10:00Z');
  await addTap(database, 1, 3, '2026-02-20T10:00Z');
  await database.ok(['etl', '--date', '2026-02-21']);
  proxy = await openProxy(database.url);
  blocker = new pg.Client({ connectionString: database.url });
  await blocker.connect();
});
afterEach(async () => {
  proxy.close();
  await blocker.end();
  await database.drop();
});

const isEqual = async () => expect(await database.cli(['verify', '--full'])).toMatchObject({ code: 0 });

/** A run of two batches that stands still in the first. */
const standStill = async () => {
  await addTap(database, 1, 2, '2026-01-10T12:00Z');
  await addTap(database, 2, 3, '2026-02-20T12:00Z');
  await blocker.query('begin; lock table gamification.user_streaks in access exclusive mode');
  const run = startCli(['etl', '--date', '2026-02-21', '--batch-days', '1'], {
    DATABASE_URL: proxy.url,
    ARC_GAM_LOCK_TIMEOUT_MS: '100000',
    ARC_GAM_DATABASE_WAIT_SECONDS: '120',
  });
  await untilWaitedFor(database, 'user_streaks');
  return run;
};

test('a run that was cut off plans again: the days that were frozen meanwhile keep their facts', async () => {
  const run = await standStill();
  proxy.freeze();
  proxy.cut();
  await blocker.query('rollback');
  await database.ok(['etl', '--date', '2026-02-21', '--wait', '30']);
  await database.ok(['freeze', '--before', '2026-02-01', '--wait', '30']);
  await database.client.query("delete from public.taps where time < '2026-02-01'");
  proxy.thaw();
  const result = await run.ended;
  expect(result, result.stderr).toMatchObject({ code: 0 });
  expect(
    await database.rows(
      "select day::text, tap_count from gamification.processed_day where tap_count > 0 and day < '2026-02-01'",
    ),
  ).toEqual([{ day: '2026-01-10', tap_count: '2' }]);
  await isEqual();
});

test('a run that lost its lock relies on no trigger that was made since', async () => {
  const run = await standStill();
  await database.client.query(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
     and database = (select oid from pg_database where datname = current_database())`,
  );
  // Of a day that the run has not planned.
  await addTap(database, 1, 3, '2026-01-20T10:00Z');
  const on = startCli(['capture', 'on', '--wait', '30'], { DATABASE_URL: database.url });
  await expect
    .poll(() => database.rows("select value from gamification.setting where key = 'capture'"), {
      timeout: 20_000,
    })
    .toHaveLength(1);
  await blocker.query('rollback');
  expect(await on.ended).toMatchObject({ code: 0 });
  expect(await run.ended).toMatchObject({ code: 0 });
  await database.ok(['etl', '--date', '2026-02-21']);
  await isEqual();
});

test('a run whose lock is forgotten on the way ends, and the next one is not locked out', async () => {
  proxy.close();
  let isForgotten = false;
  proxy = await openProxy(database.url, {
    // The connection of the lock is the one that gets a name for each batch.
    hears: (words, _proxy, forget) => {
      if (!words.includes('etl 2026-01-10')) return;
      isForgotten = true;
      forget();
    },
  });
  await addTap(database, 1, 2, '2026-01-10T12:00Z');
  const run = startCli(['etl', '--date', '2026-02-21'], { DATABASE_URL: proxy.url });
  const late = sleep(60_000, 'late', { ref: false });
  expect(await Promise.race([run.ended, late])).toMatchObject({ code: 0 });
  expect(isForgotten).toBe(true);
  proxy.cut();
  await database.ok(['etl', '--date', '2026-02-21', '--wait', '10']);
  await isEqual();
});
