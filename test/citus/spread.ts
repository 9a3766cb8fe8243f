import pg from 'pg';
import { type CliResult, runCli } from '../command/cli.js';
import { differencesOf } from '../figures/figures.js';
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
