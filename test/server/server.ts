import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbedded } from '../../src/demo/embedded.js';
import { runCli } from '../command/cli.js';

declare module 'vitest' {
  export interface ProvidedContext {
    serverUrl: string;
    /** Prefix of this test run's databases, so that two runs can share a server. */
    databasePrefix: string;
  }
}

/**
 * The server that all tests share: TEST_DATABASE_URL, else a container where a Docker engine answers, else embedded.
 * It gets one template database with the application's tables and the migrated schema; every test copies it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await chooseServer();
  const prefix = `arc_gam_test_${process.pid}`;
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  const version = await admin.query<{ version: string }>(
    "select current_setting('server_version') as version",
  );
  process.stdout.write(`Tests run on PostgreSQL ${version.rows[0]?.version} (${server.kind}).\n`);
  await admin.query(`create database ${prefix}_template`);
  const template = new URL(server.url);
  template.pathname = `/${prefix}_template`;
  const application = new pg.Client({ connectionString: template.href });
  await application.connect();
  await application.query(`
    create table public.users (id uuid primary key, name text, home text);
    create table public.taps (
      id uuid primary key default gen_random_uuid(), id1 uuid, id2 uuid, time timestamptz,
      latitude double precision, longitude double precision
    );
    create index taps_time on public.taps (time);`);
  await application.end();
  const migrated = await runCli(['migrate'], { DATABASE_URL: template.href });
  if (migrated.code !== 0) throw new Error(`migrate failed in the test template: ${migrated.stderr}`);
  project.provide('serverUrl', server.url);
  project.provide('databasePrefix', prefix);
  return async () => {
    const left = await admin.query<{ name: string }>(
      'select datname as name from pg_database where starts_with(datname::text, $1)',
      [`${prefix}_`],
    );
    for (const { name } of left.rows) await admin.query(`drop database if exists ${name} with (force)`);
    await admin.end();
    await server.stop();
  };
}

interface Server {
  url: string;
  kind: string;
  stop(): Promise<void>;
}

const chooseServer = async (): Promise<Server> => {
  const given = process.env.TEST_DATABASE_URL;
  if (given !== undefined && given !== '')
    return { url: given, kind: 'TEST_DATABASE_URL', stop: async () => undefined };
  const container = await startContainer();
  if (container !== null) return container;
  const embedded = await startEmbedded({
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      shared_buffers: '256MB',
      // For the query of docs/operations.md that asks it.
      shared_preload_libraries: 'pg_stat_statements',
    },
  });
  return { url: embedded.url, kind: 'embedded', stop: embedded.stop };
};

const startContainer = async (): Promise<Server | null> => {
  if (process.env.ARC_GAM_TEST_CONTAINER === 'off') return null;
  try {
    const { getContainerRuntimeClient } = await import('testcontainers');
    await getContainerRuntimeClient();
  } catch {
    return null;
  }
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const container = await new PostgreSqlContainer('postgres:17-alpine').start();
  return {
    url: container.getConnectionUri(),
    kind: 'container',
    stop: async () => {
      await container.stop();
    },
  };
};
