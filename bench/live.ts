/**
 * How live the figures are beside `arc-gam follow`: taps arrive one by one, and each is waited for.
 *
 *   npm run bench:live -- [--size mini|tiny|medium|small|full] [--rate 5] [--seconds 600] [--every 1s] [--json]
 *                         [--seed 1]
 *
 * The server is an embedded one, or that of TEST_DATABASE_URL. See bench/README.md.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { flagsOf, refuse } from '../scripts/flags.js';
import { differencesOf } from '../test/figures/figures.js';
import { say, sizeNamed } from './command-line.js';
import { processMs, serverProcessorMs } from './cost.js';
import { command, median, runCommand, timed } from './measure.js';
import { makeData, openWorld, sizes, type World } from './world.js';

const flags = flagsOf(import.meta.url, {
  size: { type: 'string', default: 'small' },
  rate: { type: 'string' },
  seconds: { type: 'string', default: '600' },
  every: { type: 'string', default: '1s' },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
});
const sizeName = sizeNamed(flags.size);
const size = sizes[sizeName];
const rate = Number(flags.rate ?? (sizeName === 'full' ? 20 : 5));
const seconds = Number(flags.seconds);
if (!(rate > 0 && seconds > 0)) refuse('--rate and --seconds are numbers above 0.');
const targets = sizeName === 'full' ? { p50: 2_000, p95: 5_000 } : { p50: 1_000, p95: 2_000 };
const mostMemoryMb = 200;
const mostGrowth = 1.5;
const mostInsertRatio = 1.15;

/** The value below which a share of the values lies. */
const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((one, other) => one - other)[
    Math.min(values.length - 1, Math.floor(values.length * share))
  ] ?? Number.NaN;

/** Processor time of a process, in ms. NaN where /proc is not there. */
const processorMs = (pid: number): number => processMs(pid) ?? Number.NaN;

/** Processor time of the server with all its processes, in ms. NaN where it runs on another machine. */
const serverMs = async (client: pg.Client): Promise<number> =>
  (await serverProcessorMs(client)) ?? Number.NaN;

const memoryMb = (pid: number): number => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
};

interface TableSize {
  readonly name: string;
  readonly bytes: number;
  readonly live: number;
  readonly dead: number;
  readonly updated: number;
  /** Of these, without a new entry in any index: their dead rows go without a vacuum. */
  readonly hot: number;
}

const tableSizes = async (client: pg.Client): Promise<Map<string, TableSize>> => {
  await client.query('select pg_stat_force_next_flush()').catch(() => undefined);
  const { rows } = await client.query<TableSize>(
    // A row of friend_list is larger by right the more connections its user has: they are what is counted of it.
    `select relname as name, pg_total_relation_size(relid)::float8 as bytes,
       case when relname = 'friend_list' then (select sum(length(friends)) from gamification.friend_list) else n_live_tup end::float8 as live,
       n_dead_tup::float8 as dead, n_tup_upd::float8 as updated, n_tup_hot_upd::float8 as hot
     from pg_stat_user_tables where schemaname = 'gamification'`,
  );
  return new Map(rows.map((row) => [row.name, row]));
};

/** Taps that arrive one by one, and how long each one took to be inserted and to be visible. */
class Arrivals {
  readonly insertMs: number[] = [];
  readonly visibleMs: number[] = [];
  private readonly counts = new Map<string, number>();
  private waiting: { user: string; count: number; committedAt: number }[] = [];

  constructor(
    private readonly users: readonly string[],
    private readonly client: pg.Client,
  ) {}

  /** What today's counts are before the first tap. */
  async begin(): Promise<void> {
    const { rows } = await this.client.query<{ user_id: string; tap_count: number }>(
      'select user_id::text, tap_count from gamification.user_day_activity where day = current_date',
    );
    for (const row of rows) this.counts.set(row.user_id, row.tap_count);
  }

  /** Inserts at the rate for so many seconds; whoever is late does not wait. */
  async arrive(connection: pg.Client, forSeconds: number, isFollowed: boolean): Promise<void> {
    const begun = performance.now();
    for (let tap = 0; tap < rate * forSeconds; tap += 1) {
      await sleep(Math.max(0, begun + (tap * 1000) / rate - performance.now()));
      const one = this.anyUser();
      const other = this.anyUser(one);
      const started = performance.now();
      await connection.query(
        'insert into public.taps (id1, id2, time, latitude, longitude) values ($1, $2, now(), 40.7, -74.0)',
        [one, other],
      );
      const committedAt = performance.now();
      this.insertMs.push(committedAt - started);
      for (const user of [one, other]) this.counts.set(user, (this.counts.get(user) ?? 0) + 1);
      if (isFollowed) this.waiting.push({ user: one, count: this.counts.get(one) ?? 0, committedAt });
    }
  }

  /** Asks until `isOver` and every tap is visible. Throws after two minutes without an answer. */
  async watch(isOver: () => boolean): Promise<void> {
    for (let lastSeen = performance.now(); !isOver() || this.waiting.length > 0; await sleep(50)) {
      if (performance.now() - lastSeen > 120_000 && this.waiting.length > 0)
        throw new Error(`${this.waiting.length} taps were not visible after two minutes.`);
      if (this.waiting.length === 0) {
        lastSeen = performance.now();
        continue;
      }
      const { rows } = await this.client.query<{ user_id: string; tap_count: number }>(
        `select user_id::text, tap_count from gamification.user_day_activity
         where day = current_date and user_id = any ($1::uuid[])`,
        [[...new Set(this.waiting.map(({ user }) => user))]],
      );
      const now = performance.now();
      const seen = new Map(rows.map((row) => [row.user_id, row.tap_count]));
      this.waiting = this.waiting.filter(({ user, count, committedAt }) => {
        if ((seen.get(user) ?? 0) < count) return true;
        this.visibleMs.push(now - committedAt);
        lastSeen = now;
        return false;
      });
    }
  }

  private anyUser(but?: string): string {
    for (;;) {
      const user = this.users[Math.floor(Math.random() * this.users.length)] ?? '';
      if (user !== but) return user;
    }
  }
}

const startFollower = async (world: World, folder: string) => {
  const child = spawn(process.execPath, [command, 'follow', '--every', flags.every, '--json'], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', DATABASE_URL: world.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  while (!stdout.includes('"event":"minute"')) {
    if (child.exitCode !== null) throw new Error(`follow ended with ${child.exitCode}: ${stdout}`);
    await sleep(100);
  }
  return { child, said: () => stdout };
};

const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  await ended;
};

const connect = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("set timezone = 'UTC'");
  return client;
};

const world = await openWorld('live');
const folder = mkdtempSync(join(tmpdir(), 'arc-gam-bench-live-'));
let isMissed = false;
try {
  const firstDay = new Date(Date.now() - size.days * 86_400_000).toISOString().slice(0, 10);
  const taps = await makeData(world.client, size, Number(flags.seed), firstDay);
  say(`${size.users} users, ${taps} taps over ${size.days} days, PostgreSQL ${world.version}`);
  for (const args of [
    ['migrate'],
    ['backfill'],
    ['capture', 'on'],
    ['etl', '--date', new Date().toISOString().slice(0, 10)],
  ]) {
    const { wallMs } = await runCommand(world, ...args);
    say(`${args.join(' ')}: ${(wallMs / 1000).toFixed(1)} s`);
  }
  await world.client.query('vacuum (analyze)');
  const { rows: users } = await world.client.query<{ id: string }>('select id::text from public.users');
  const application = await connect(world.url);
  const arrivals = new Arrivals(
    users.map(({ id }) => id),
    world.client,
  );
  await arrivals.begin();
  const aloneSeconds = Math.min(20, seconds);
  await arrivals.arrive(application, aloneSeconds, false);
  const aloneMs = median(arrivals.insertMs.splice(0));
  say(`inserts without a follower: ${aloneMs.toFixed(2)} ms each`);

  const { child, said } = await startFollower(world, folder);
  try {
    // What waited is counted; from here on each tap is waited for.
    await arrivals.watch(() => true);
    const before = await tableSizes(world.client);
    const server = await serverMs(world.client);
    const follower = processorMs(child.pid ?? 0);
    const memory: number[] = [];
    const sampling = setInterval(() => memory.push(memoryMb(child.pid ?? 0)), 2_000);
    let isOver = false;
    const tookMs = await timed(async () => {
      const watching = arrivals.watch(() => isOver);
      await arrivals.arrive(application, seconds, true);
      isOver = true;
      await watching;
    });
    clearInterval(sampling);
    const count = arrivals.visibleMs.length;
    const serverATap = ((await serverMs(world.client)) - server) / count;
    const followerATap = (processorMs(child.pid ?? 0) - follower) / count;
    say(
      `visible: p50 ${Math.round(quantile(arrivals.visibleMs, 0.5))} ms, p95 ${Math.round(quantile(arrivals.visibleMs, 0.95))} ms; now the same from nothing, to compare`,
    );
    const after = await tableSizes(world.client);
    await stop(child);
    await application.end();
    const last = JSON.parse(said().trim().split('\n').at(-1) ?? '{}') as {
      cycles?: number;
      worst_lag_ms?: number;
    };

    const rebuilt = ['--schema', 'rebuilt'];
    await runCommand(world, 'migrate', ...rebuilt);
    await runCommand(world, 'etl', '--date', new Date().toISOString().slice(0, 10), ...rebuilt);
    const different = await differencesOf(world.client, 'gamification', 'rebuilt');

    const grown = [...after.values()]
      .map(({ name, bytes, live, dead, updated, hot }) => {
        const first = before.get(name);
        // A table of more rows is larger by right: only what a row takes more is growth.
        const more = Math.max(1, live / Math.max(1, first?.live ?? live));
        return {
          name,
          bytes,
          dead,
          updated: updated - (first?.updated ?? 0),
          hot: hot - (first?.hot ?? 0),
          growth: bytes / (first?.bytes ?? bytes) / more,
        };
      })
      // A small table is a page more or less.
      .filter(({ bytes, dead }) => bytes > 1_048_576 || dead > 1_000)
      .sort((one, other) => other.growth - one.growth)
      .slice(0, 5);
    const insertMs = median(arrivals.insertMs);
    const result = {
      size: sizeName,
      rate,
      seconds: Math.round(tookMs / 1000),
      taps: count,
      cycles: last.cycles,
      visible_p50_ms: Math.round(quantile(arrivals.visibleMs, 0.5)),
      visible_p95_ms: Math.round(quantile(arrivals.visibleMs, 0.95)),
      visible_worst_ms: Math.round(Math.max(...arrivals.visibleMs)),
      server_ms_a_tap: Math.round(serverATap),
      follower_ms_a_tap: Math.round(followerATap),
      memory_first_mb: Math.round(memory[0] ?? Number.NaN),
      memory_peak_mb: Math.round(Math.max(...memory)),
      insert_ms: Number(insertMs.toFixed(2)),
      insert_ratio: Number((insertMs / aloneMs).toFixed(2)),
      tables: grown.map(({ bytes: _, growth, ...table }) => ({
        ...table,
        growth: Number(growth.toFixed(2)),
      })),
      differences: different.length,
      cores: cpus().length,
    };
    const verdicts: [string, number, number][] = [
      ['visible, p50 (ms)', result.visible_p50_ms, targets.p50],
      ['visible, p95 (ms)', result.visible_p95_ms, targets.p95],
      ['memory, peak (MB)', result.memory_peak_mb, mostMemoryMb],
      ['insert beside the follower (x)', result.insert_ratio, mostInsertRatio],
      ['growth of a table, a row (x)', result.tables[0]?.growth ?? 1, mostGrowth],
      ['rows unlike a rebuild', result.differences, 0],
    ];
    if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else {
      for (const [what, measured, target] of verdicts)
        process.stdout.write(
          `${what.padEnd(32)} ${String(measured).padStart(8)}  <= ${target}  ${measured <= target ? 'ok' : 'MISSED'}\n`,
        );
      process.stdout.write(
        `${count} taps in ${result.seconds} s, ${result.cycles} cycles; the slowest visible after ${result.visible_worst_ms} ms. Processor time a tap: server ${result.server_ms_a_tap} ms, follower ${result.follower_ms_a_tap} ms. Memory at first ${result.memory_first_mb} MB.\n`,
      );
      for (const { name, dead, growth, updated, hot } of result.tables)
        process.stdout.write(
          `  ${name}: ${growth} x, ${dead} dead rows; ${updated} updates, ${hot} of them within their page\n`,
        );
      for (const difference of different) process.stdout.write(`  ${difference}\n`);
    }
    isMissed = verdicts.some(([, measured, target]) => !(measured <= target));
  } finally {
    await stop(child);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  await world.close();
}
process.exitCode = isMissed ? 1 : 0;
