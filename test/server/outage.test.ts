import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmbeddedServer, isAlive, startEmbedded } from '../../src/demo/embedded.js';
import { jsonLines, runCli, startCli } from '../command/cli.js';
import { allFigures } from '../figures/figures.js';

const folder = mkdtempSync(join(tmpdir(), 'arc-gam-outage-'));
// The server runs as another user where the tests run as root.
chmodSync(folder, 0o755);
// No fsync is fine while the machine stays up; commits that are not waited for would be lost.
const settings = { fsync: 'off', full_page_writes: 'off' };
const backfill = ['backfill', '--to', '2025-03-31', '--batch-days', '1', '--json'];
let server: EmbeddedServer;
let port: number;

const startServer = async () => {
  server = await startEmbedded({
    directory: join(folder, 'server'),
    settings,
    ...(port === undefined ? {} : { port }),
  });
  port = Number(new URL(server.url).port);
};

/** As `pg_ctl stop -m immediate`: every session is cut, nothing is flushed, the next start recovers. */
const crash = async () => {
  process.kill(server.pid, 'SIGQUIT');
  while (isAlive(server.pid)) await sleep(20);
};

const urlOf = (database: string): string => {
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  return url.href;
};

const withClient = async <Result>(
  database: string,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> => {
  const client = new pg.Client({ connectionString: urlOf(database) });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
};

const query = (database: string, text: string): Promise<Record<string, unknown>[]> =>
  withClient(database, async (client) => (await client.query<Record<string, unknown>>(text)).rows);

/** Every row of every table that a run derives, by table. */
const figures = (database: string): Promise<[table: string, rows: unknown[]][]> =>
  withClient(database, async (client) => {
    const found: [string, unknown[]][] = [];
    for (const { table, of } of await allFigures(client, 'gamification')) {
      const { rows } = await client.query(
        `select to_jsonb(figure) as row from (${of('gamification')}) as figure order by 1`,
      );
      found.push([table, rows]);
    }
    return found;
  });

/** Starts a backfill, one day a batch, and returns once it has committed a few. */
const startBackfill = async (database: string, environment: NodeJS.ProcessEnv = {}) => {
  const run = startCli(backfill, { DATABASE_URL: urlOf(database), ...environment });
  let seen = '';
  run.child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
  });
  while (seen.split('"event":"batch"').length < 4 && run.child.exitCode === null) await sleep(10);
  return run;
};

let expected: unknown;
beforeAll(async () => {
  await startServer();
  await query('postgres', 'create database source');
  await query(
    'source',
    `create table users (id uuid primary key, name text, home text);
     create table taps (id integer primary key, id1 uuid, id2 uuid, time timestamptz,
       latitude double precision, longitude double precision);
     create index on taps (time);
     insert into users (id) select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid from generate_series(1, 12) as n;
     insert into taps (id, id1, id2, time)
     select n, ('00000000-0000-4000-8000-' || lpad((1 + (n * 7) % 12)::text, 12, '0'))::uuid,
       ('00000000-0000-4000-8000-' || lpad((1 + (n * n + n / 5) % 12)::text, 12, '0'))::uuid,
       date '2025-03-31' - n % 12 + (n * 37 % 1440) * interval '1 minute'
     from generate_series(1, 250) as n`,
  );
  expect(await runCli(['migrate'], { DATABASE_URL: urlOf('source') })).toMatchObject({ code: 0 });
  for (const copy of ['whole', 'restarted', 'away'])
    await query('postgres', `create database ${copy} template source`);
  const whole = await runCli(
    backfill.filter((flag) => flag !== '--json'),
    { DATABASE_URL: urlOf('whole') },
  );
  expect(whole, whole.stderr).toMatchObject({ code: 0 });
  expected = await figures('whole');
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a server that is restarted in the middle of a backfill: the same command goes on', async () => {
  const run = await startBackfill('restarted');
  await crash();
  await startServer();
  const result = await run.ended;
  expect(result, result.stdout.slice(-2000) + result.stderr).toMatchObject({ code: 0, stderr: '' });
  const ended = jsonLines(result.stdout).at(-1);
  expect(ended).toMatchObject({ event: 'ended', dayCount: 12 });
  expect(ended?.retryCount).toBeGreaterThan(0);
  expect(await figures('restarted')).toEqual(expected);
});

test('a server that stays away: exit code 5 and a sentence, and the next run ends with the same tables', async () => {
  const run = await startBackfill('away');
  await crash();
  const result = await run.ended;
  expect(result.code).toBe(5);
  expect(jsonLines(result.stdout).at(-1)).toMatchObject({
    event: 'failed',
    exitCode: 5,
    message: expect.stringMatching(/can't be reached|was lost/),
  });
  await startServer();
  const next = await runCli(backfill, { DATABASE_URL: urlOf('away') });
  expect(next, next.stdout.slice(-2000)).toMatchObject({ code: 0 });
  const ended = jsonLines(next.stdout).at(-1);
  expect(ended).toMatchObject({ event: 'ended' });
  expect(ended?.dayCount).toBeLessThan(12);
  expect(await figures('away')).toEqual(expected);
  expect(await query('away', 'select state from gamification.run order by run_id')).toEqual([
    { state: 'dead' },
    { state: 'done' },
  ]);
});

/** A tablespace on a file system of its own, small enough to fill; null where it can't be mounted. */
const mountSmall = (): string | null => {
  const place = join(folder, 'small');
  mkdirSync(place);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'none', place]).status !== 0) return null;
  const { uid, gid } = statSync(join(folder, 'server'));
  mkdirSync(join(place, 'space'));
  for (const path of [place, join(place, 'space')]) chownSync(path, uid, gid);
  return place;
};

test('a full disk: exit code 1 and a sentence, nothing of the batch kept, and the next run goes on', async ({
  skip,
}) => {
  const place = process.getuid?.() === 0 && process.platform === 'linux' ? mountSmall() : null;
  if (place === null) skip('a small file system can only be mounted by root on Linux');
  try {
    await query('postgres', `create tablespace small location '${join(String(place), 'space')}'`);
    await query('postgres', 'create database full_disk template source tablespace small');
    // The first connection writes a cache of the catalogue, for which there would be no room.
    await query('full_disk', 'select 1');
    const { bavail, bsize } = statfsSync(String(place));
    // What is left is enough for a few pages, not for the figures.
    writeFileSync(join(String(place), 'filler'), Buffer.alloc(bavail * bsize - 64 * 1024, 1));
    const run = await runCli(['backfill', '--to', '2025-03-31', '--json'], {
      DATABASE_URL: urlOf('full_disk'),
    });
    expect(run, run.stdout).toMatchObject({ code: 1 });
    expect(jsonLines(run.stdout).at(-1)).toMatchObject({
      event: 'failed',
      message: expect.stringMatching(/^The server's disk is full: .*Make room, then run the same command/),
    });
    expect(await query('full_disk', 'select day from gamification.processed_day')).toEqual([]);
    rmSync(join(String(place), 'filler'));
    const next = await runCli(backfill, { DATABASE_URL: urlOf('full_disk') });
    expect(next, next.stdout.slice(-2000)).toMatchObject({ code: 0 });
    expect(await figures('full_disk')).toEqual(expected);
  } finally {
    await query('postgres', 'drop database if exists full_disk with (force)');
    await query('postgres', 'drop tablespace if exists small');
    spawnSync('umount', ['-l', String(place)]);
  }
});
