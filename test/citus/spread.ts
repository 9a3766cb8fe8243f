import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type CliResult, runCli, startCli } from '../command/cli.js';
import { differencesOf } from '../figures/figures.js';
import { userId } from '../server/database.js';
import type { Cluster } from './cluster.js';

/**
 * An application on a cluster: its taps distributed, its users on every node, and copies of both on the coordinator
 * alone.
 */
export interface SpreadApplication {
  readonly url: string;
  readonly client: pg.Client;
  /** Runs arc-gam on the distributed tables. */
  cli(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<CliResult>;
  /** Runs it and fails the test unless it exits with 0. */
  ok(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<CliResult>;
  /**
   * Derives the same days from nothing, in a schema of its own, from copies of the tables that are not distributed:
   * what plain Postgres says. Returns the rows of any table in which the two differ.
   */
  unlikePlain(zone: string): Promise<string[]>;
  drop(): Promise<void>;
}

/** The application's tables, spread as docs/scale.md says. */
export const spreadTables: readonly string[] = `
  create table public.users (id uuid primary key, name text, home text);
  create table public.taps (
    id bigint generated always as identity primary key, id1 uuid, id2 uuid, time timestamptz,
    latitude double precision, longitude double precision
  );
  create index taps_time on public.taps (time);
  select create_reference_table('public.users');
  select create_distributed_table('public.taps', 'id');
  create table public.plain_users (like public.users including all);
  create table public.plain_taps (like public.taps including defaults including indexes)`.split(';');

/** Copies the distributed tables into those that are not. */
export const copyToPlain = async (client: pg.ClientBase): Promise<void> => {
  await client.query('truncate public.plain_users; truncate public.plain_taps');
  await client.query('insert into public.plain_users select * from public.users');
  await client.query('insert into public.plain_taps select * from public.taps');
};

/** Settings of a schema that reads the copies. */
export const plainSource = {
  ARC_GAM_TAPS_TABLE: 'public.plain_taps',
  ARC_GAM_USERS_TABLE: 'public.plain_users',
} as const;

/** Makes the application on a cluster, its tables empty, and migrates the schema that reads them. */
export const createSpread = async (cluster: Cluster, name: string): Promise<SpreadApplication> => {
  const url = await cluster.createDatabase(name);
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query("set timezone = 'UTC'");
  for (const statement of spreadTables) await client.query(statement);
  const cli = (args: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
    runCli(args, { DATABASE_URL: url, ...environment });
  const ok = async (args: readonly string[], environment?: NodeJS.ProcessEnv) => {
    const result = await cli(args, environment);
    if (result.code !== 0)
      throw new Error(
        `arc-gam ${args.join(' ')} exited with ${result.code}: ${result.stderr}${result.stdout}`,
      );
    return result;
  };
  return {
    url,
    client,
    cli,
    ok,
    unlikePlain: async (zone) => {
      await copyToPlain(client);
      const plain = { ...plainSource, ARC_GAM_SCHEMA: 'plain', ARC_GAM_TZ: zone };
      await ok(['migrate'], plain);
      const { rows } = await client.query<{ last: string }>(
        'select max(day)::text as last from gamification.processed_day',
      );
      await ok(['backfill', '--rebuild', '--to', rows[0]?.last ?? ''], plain);
      return differencesOf(client, 'gamification', 'plain');
    },
    drop: async () => {
      await client.end();
      await cluster.dropDatabase(name);
    },
  };
};

/** Six weeks of a growing community, over a year end: pairs with many taps on a day, places, dirt and strangers. */
export const fillWinter = async (client: pg.Client): Promise<void> => {
  await client.query(
    `insert into public.users (id, name, home)
     select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'u' || n,
       (array['Berlin, Germany', 'NYC', null, 'Paris, TX'])[1 + n % 4]
     from generate_series(1, 30) as n`,
  );
  await client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude)
     select
       case when n % 97 = 0 then null else ('00000000-0000-4000-8000-' || lpad((1 + n % 7 + n / 200)::text, 12, '0'))::uuid end,
       ('00000000-0000-4000-8000-' || lpad((case when n % 53 = 0 then 900 else 1 + (n * n) % 11 + n / 300 end)::text, 12, '0'))::uuid,
       '2025-12-10T03:00Z'::timestamptz + n * interval '15 minutes' + (n % 5) * interval '7 seconds',
       case when n % 3 > 0 then 52.5 + (n % 5) * 0.3 end, 13.4 + (n % 4) * 0.3
     from generate_series(0, 3999) as n`,
  );
};

/** Taps of the last hours, which the API reads from the taps themselves. */
export const tapNow = async (client: pg.Client): Promise<void> => {
  await client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude)
     select $1::uuid, $2::uuid, now() - n * interval '13 minutes', 52.5, 13.4 from generate_series(1, 9) as n`,
    [userId(2), userId(5)],
  );
};

/** A server of the API over an application. */
export interface Serving {
  /** What it answers three users, by status and path, without what differs by the moment. */
  answers(): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

export const startServing = async (
  spread: SpreadApplication,
  settings: NodeJS.ProcessEnv,
): Promise<Serving> => {
  const server = startCli(['serve', '--port', '0', '--json'], {
    DATABASE_URL: spread.url,
    ARC_GAM_MOCK: 'off',
    ...settings,
  });
  let output = '';
  server.child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  server.child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  for (let attempt = 0; !/127\.0\.0\.1:\d+/.test(output) && attempt < 200; attempt += 1) await sleep(50);
  const address = /127\.0\.0\.1:\d+/.exec(output)?.[0];
  return {
    answers: async () => {
      const answers: Record<string, unknown> = {};
      for (const user of [1, 2, 5])
        for (const question of ['weekly', 'quests', 'radar?hours=24', 'health']) {
          const path = `/api/community/${question}${question.includes('?') ? '&' : '?'}user_id=${userId(user)}&tz=Asia/Tokyo`;
          const response = await fetch(`http://${address}${path}`);
          const {
            meta: _,
            generated_at: __,
            window: ___,
            ...body
          } = (await response.json()) as Record<string, unknown>;
          answers[`${response.status} ${path}`] = body;
        }
      return answers;
    },
    stop: async () => {
      server.child.kill('SIGTERM');
      await server.ended;
    },
  };
};

/** What a server that is begun for it answers. */
export const answersOf = async (
  spread: SpreadApplication,
  settings: NodeJS.ProcessEnv,
): Promise<Record<string, unknown>> => {
  const serving = await startServing(spread, settings);
  try {
    return await serving.answers();
  } finally {
    await serving.stop();
  }
};
