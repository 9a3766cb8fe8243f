import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { type CliResult, runCli } from '../command/cli.js';
import { copyTemplate } from './template.js';

/** A database of a test's own. */
export interface TestDatabase {
  readonly url: string;
  readonly client: pg.Client;
  /** Rows of a query, dates and times as text, with the target schema in the search path. */
  rows<Row extends pg.QueryResultRow = pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Runs arc-gam on it. */
  cli(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<CliResult>;
  /** Runs arc-gam on it and fails the test unless it exits with 0. */
  ok(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<CliResult>;
  drop(): Promise<void>;
}

const textTypes = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

/** What a new database is a copy of: the migrated template (default), the same with a second schema, or nothing. */
interface DatabaseOptions {
  readonly empty?: boolean;
  /** A migrated schema `twin` beside `gamification`, to compute the same source in another way. */
  readonly twin?: boolean;
}

/**
 * Makes a database. To migrate takes seconds, mostly for the gazetteer; to copy what is migrated takes a tenth of one.
 */
export const createDatabase = async ({
  empty = false,
  twin = false,
}: DatabaseOptions = {}): Promise<TestDatabase> => {
  const prefix = inject('databasePrefix');
  if (twin) await requireTwins(`${prefix}_twins`, `${prefix}_template`);
  return copyDatabase(empty ? 'template1' : `${prefix}_${twin ? 'twins' : 'template'}`);
};

/** Makes the template with two schemas for the first test that wants it; other files' tests wait meanwhile. */
const requireTwins = async (name: string, template: string): Promise<void> => {
  const url = new URL(inject('serverUrl'));
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  try {
    await admin.query('select pg_advisory_lock(hashtextextended($1, 0))', [name]);
    const { rows } = await admin.query('select 1 from pg_database where datname = $1', [name]);
    if (rows.length > 0) return;
    await copyTemplate(admin, `${name}_new`, template);
    url.pathname = `/${name}_new`;
    const { code, stderr } = await runCli(['migrate', '--schema', 'twin'], { DATABASE_URL: url.href });
    if (code !== 0) throw new Error(`migrate failed in the test template: ${stderr}`);
    await admin.query(`alter database ${name}_new rename to ${name}`);
  } finally {
    await admin.end();
  }
};

/** A test with a database of its own, which is dropped whatever becomes of it. */
export const withDatabase =
  (use: (database: TestDatabase) => Promise<void>, options?: DatabaseOptions) => async (): Promise<void> => {
    const database = await createDatabase(options);
    try {
      await use(database);
    } finally {
      await database.drop();
    }
  };

/** The name of a test's database. */
const nameOf = ({ url }: TestDatabase): string => new URL(url).pathname.slice(1);

/**
 * Fills a database once for tests that each begin with it: returns what makes a copy. The filled one goes with the
 * server's other databases when the tests end.
 */
export const filledOnce = async (
  fill: (database: TestDatabase) => Promise<void>,
  options?: DatabaseOptions,
): Promise<() => Promise<TestDatabase>> => {
  const filled = await createDatabase(options);
  await fill(filled);
  // Nobody may be connected to what is copied.
  await filled.client.end();
  return () => copyDatabase(nameOf(filled));
};

const copyDatabase = async (template: string): Promise<TestDatabase> => {
  const name = `${inject('databasePrefix')}_${randomUUID().slice(0, 8)}`;
  const url = new URL(inject('serverUrl'));
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  await copyTemplate(admin, name, template);
  url.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: url.href, types: textTypes });
  client.on('error', () => undefined);
  await client.connect();
  await client.query("set search_path = gamification, public; set timezone = 'UTC'");
  const cli = (args: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
    runCli(args, { DATABASE_URL: url.href, ...environment });
  return {
    url: url.href,
    client,
    rows: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await client.query<Row>(text, values)).rows,
    cli,
    ok: async (args, environment) => {
      const result = await cli(args, environment);
      if (result.code !== 0) {
        throw new Error(
          `arc-gam ${args.join(' ')} exited with ${result.code}: ${result.stderr}${result.stdout}`,
        );
      }
      return result;
    },
    drop: async () => {
      await client.end();
      await admin.query(`drop database if exists ${name} with (force)`);
      await admin.end();
    },
  };
};

/** A user id that reads as its number: 00000000-0000-4000-8000-00000000000n. */
export const userId = (number: number): string =>
  `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** Adds users by number. */
export const addUsers = async (database: TestDatabase, ...numbers: number[]): Promise<void> => {
  await database.client.query(
    "insert into public.users (id, name) select id::uuid, 'User ' || number from unnest($1::text[], $2::int[]) as given (id, number)",
    [numbers.map(userId), numbers],
  );
};

/** Adds a tap between two users by number, at a time with its zone: '2024-12-30T10:00Z'. */
export const addTap = async (
  database: TestDatabase,
  one: number,
  other: number,
  time: string,
  latitude: number | null = null,
  longitude: number | null = null,
): Promise<void> => {
  await database.client.query(
    'insert into public.taps (id1, id2, time, latitude, longitude) values ($1, $2, $3, $4, $5)',
    [userId(one), userId(other), time, latitude, longitude],
  );
};

/** Resolves when somebody waits for a lock on a table of ours. */
export const untilWaitedFor = async (database: TestDatabase, table: string): Promise<void> => {
  for (;;) {
    // Databases made from one template have the same oids: another file's table could wait too.
    const waiting = await database.rows(
      `select 1 from pg_locks where relation = 'gamification.${table}'::regclass and not granted
       and database = (select oid from pg_database where datname = current_database())`,
    );
    if (waiting.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
};
