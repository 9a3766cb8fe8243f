import { readFileSync } from 'node:fs';
import pg from 'pg';
import { startEmbedded } from '../src/demo/embedded.js';
import { endMeasured } from './process.js';

/** How much data; taps and users in a proportion that gives every user about 73 partners. */
export interface Size {
  readonly users: number;
  readonly taps: number;
  readonly days: number;
}

export const sizes = {
  mini: { users: 500, taps: 20_000, days: 90 },
  tiny: { users: 2_000, taps: 200_000, days: 120 },
  medium: { users: 5_000, taps: 500_000, days: 180 },
  small: { users: 20_000, taps: 2_000_000, days: 365 },
  full: { users: 100_000, taps: 10_000_000, days: 730 },
} as const satisfies Record<string, Size>;

export const firstDay = '2024-01-01';

/** The day `count` days after the first. */
export const dayAt = (count: number): string =>
  new Date(Date.parse(`${firstDay}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);

/** What the embedded server runs with: a small production server's memory, and durable commits. */
export const serverSettings = {
  shared_buffers: '1GB',
  effective_cache_size: '3GB',
  maintenance_work_mem: '256MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track_planning': 'on',
} as const;

/** Settings that the report names. */
const reportedSettings = [
  'shared_buffers',
  'work_mem',
  'maintenance_work_mem',
  'max_wal_size',
  'random_page_cost',
  'fsync',
  'synchronous_commit',
  'autovacuum',
  'jit',
  'max_parallel_workers_per_gather',
];

/** A database of the bench's own on a server. */
export interface World {
  readonly url: string;
  readonly client: pg.Client;
  readonly version: string;
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** A server on which the bench makes databases of its own. */
export interface Server {
  /** Makes the database unless it is there; closing the world drops it unless it is kept. */
  open(database: string, options?: { readonly keep?: boolean }): Promise<World>;
  drop(database: string): Promise<void>;
  close(): Promise<void>;
}

/** Text of a file beside this one. */
export const benchFile = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

/**
 * The server that is given or that TEST_DATABASE_URL names, else an embedded one, whose data stays in `directory` if
 * that is given.
 */
export const openServer = async (
  given = process.env.TEST_DATABASE_URL,
  directory?: string,
): Promise<Server> => {
  const embedded =
    given === undefined || given === ''
      ? await startEmbedded({ settings: serverSettings, ...(directory === undefined ? {} : { directory }) })
      : null;
  const server = embedded?.url ?? given ?? '';
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  const drop = async (database: string) => {
    await admin.query(`drop database if exists ${database} with (force)`);
  };
  const open = async (database: string, { keep = false } = {}): Promise<World> => {
    const { rows: known } = await admin.query('select 1 from pg_database where datname = $1', [database]);
    if (known.length === 0) await admin.query(`create database ${database}`);
    const url = new URL(server);
    url.pathname = `/${database}`;
    const client = new pg.Client({ connectionString: url.href });
    client.on('error', () => undefined);
    await client.connect();
    await client.query("set timezone = 'UTC'");
    await client.query('create extension if not exists pg_stat_statements').catch(() => undefined);
    const { rows: settings } = await client.query<{ name: string; setting: string }>(
      'select name, current_setting(name) as setting from pg_settings where name = any ($1) order by name',
      [reportedSettings],
    );
    const { rows: version } = await client.query<{ version: string }>(
      "select current_setting('server_version') as version",
    );
    return {
      url: url.href,
      client,
      version: version[0]?.version ?? '',
      settings: Object.fromEntries(settings.map((row) => [row.name, row.setting])),
      close: async () => {
        await client.end();
        if (!keep) await drop(database);
      },
    };
  };
  return {
    open,
    drop,
    close: async () => {
      await admin.end();
      await embedded?.stop();
    },
  };
};

/**
 * A server as above with an empty database of a name of its own; both go with it, also where a signal ends the process.
 */
export const openWorld = async (name: string, given = process.env.TEST_DATABASE_URL): Promise<World> => {
  const server = await openServer(given);
  const world = await server.open(`arc_gam_bench_${process.pid}_${name}`);
  const close = async () => {
    for (const signal of signals) process.off(signal, stop);
    await world.close();
    await server.close();
  };
  const stop = () => {
    endMeasured();
    void close().finally(() => process.exit(130));
  };
  for (const signal of signals) process.once(signal, stop);
  return { ...world, close };
};

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Fills public.users and public.taps from the seed, indexes the time as an application would, and returns the taps. */
export const makeData = async (
  client: pg.Client,
  size: Size,
  seed: number,
  first = firstDay,
): Promise<number> => {
  await client.query(benchFile('data/tables.sql'));
  await client.query(benchFile('data/users.sql'), [size.users, seed]);
  const { rowCount } = await client.query(benchFile('data/taps.sql'), [
    size.users,
    size.taps,
    size.days,
    first,
    seed,
  ]);
  await client.query('create index taps_time on public.taps (time)');
  await client.query('vacuum (analyze) public.taps');
  await client.query('vacuum (analyze) public.users');
  return rowCount ?? 0;
};
