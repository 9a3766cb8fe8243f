import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import pg from 'pg';
import postgres from 'postgres';
import type { Settings } from '../config.js';
import { workFailure } from '../errors.js';
import { connectionFailure, isTlsRefused } from './failure.js';
import type { DatabaseTarget } from './target.js';

export type Sql = postgres.Sql;

type Tls = false | { rejectUnauthorized: boolean; ca?: string; checkServerIdentity?: () => undefined };

/** An open database: how to get connections to it. Nothing here knows what is in it. */
export interface Database {
  readonly target: DatabaseTarget;
  /** For example 150018. */
  readonly serverVersion: number;
  /** Connections for transactions, at most `poolSize`, opened when first used. See src/db/transaction.ts. */
  readonly pool: pg.Pool;
  /** For single statements outside of a transaction, through postgres.js; opened when first used. */
  readonly sql: Sql;
  /** A connection of its own. Throws a failure with exit code 5 if it can't be had. */
  connect(applicationName?: string): Promise<pg.Client>;
}

const oldestServer = 140_000;

/** The name that our connections carry in pg_stat_activity: whoever waits for us can see who we are. */
export const applicationName = (what: string): string => {
  const who = ` pid ${process.pid} on ${hostname()}`;
  return `arc-gam ${what}`.slice(0, 63 - Math.min(who.length, 40)) + who.slice(0, 40);
};

/**
 * Opens the database, gives it to `use` and closes every connection afterwards.
 * Throws a failure with exit code 5 where it can't be reached, in the words of src/db/failure.ts.
 */
export const withDatabase = async <Result>(
  settings: Settings,
  what: string,
  use: (database: Database) => Promise<Result>,
  poolSize = 1,
): Promise<Result> => {
  const { target } = settings;
  const name = applicationName(what);
  const { client, tls } = await firstConnection(target, name);
  const version = await client.query<{ version: number }>(
    "select current_setting('server_version_num')::int as version",
  );
  await client.end();
  const serverVersion = version.rows[0]?.version ?? 0;
  if (serverVersion < oldestServer) {
    throw workFailure(
      `The server is PostgreSQL ${Math.floor(serverVersion / 10_000)}; arc-gam needs 14 or newer.`,
    );
  }
  const sql = openSql(target, tls, name, poolSize);
  const pool = openPool(target, tls, name, poolSize);
  try {
    return await use({
      target,
      serverVersion,
      pool,
      sql,
      connect: (clientName) => connectClient(target, tls, clientName ?? name),
    });
  } finally {
    await Promise.all([sql.end({ timeout: 1 }), pool.end()]);
  }
};

const firstConnection = async (
  target: DatabaseTarget,
  name: string,
): Promise<{ client: pg.Client; tls: Tls }> => {
  const tls = tlsOptions(target);
  try {
    return { client: await connectClient(target, tls, name), tls };
  } catch (error) {
    // sslmode=prefer: encrypted where the server can, plain where it can't. Never after a refused password.
    if (target.tls !== 'prefer' || !isTlsRefused(error)) throw error;
    return { client: await connectClient(target, false, name), tls: false };
  }
};

const connectClient = async (target: DatabaseTarget, tls: Tls, name: string): Promise<pg.Client> => {
  const client = new pg.Client(clientOptions(target, tls, name));
  // A connection that dies while idle reports it as an event; unheard it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw connectionFailure(error, target);
  }
};

const clientOptions = (target: DatabaseTarget, tls: Tls, name: string): pg.ClientConfig => ({
  host: target.host,
  port: target.port,
  database: target.database,
  user: target.user,
  password: target.password,
  ssl: tls,
  connectionTimeoutMillis: target.connectTimeoutMs,
  application_name: name,
  keepAlive: true,
});

const dateType = 1082;

/**
 * pg rather than postgres.js for transactions: when a connection is cut inside of `sql.begin`, postgres.js 3.4.9 writes to
 * a socket that is gone, and the process ends with a TypeError that nobody can catch.
 */
const openPool = (target: DatabaseTarget, tls: Tls, name: string, size: number): pg.Pool => {
  const pool = new pg.Pool({
    ...clientOptions(target, tls, name),
    max: size,
    idleTimeoutMillis: 0,
    types: {
      // Dates stay the text they are: a JavaScript Date would move them by the process's zone.
      getTypeParser: ((type: number, format?: 'text' | 'binary') =>
        type === dateType
          ? (text: string) => text
          : pg.types.getTypeParser(type, format as 'text')) as typeof pg.types.getTypeParser,
    },
  });
  // An idle connection that dies is replaced by the next one; unheard, the event would end the process.
  pool.on('error', () => undefined);
  return pool;
};

const openSql = (target: DatabaseTarget, tls: Tls, name: string, size: number): Sql =>
  postgres({
    host: target.host.startsWith('/') ? 'localhost' : target.host,
    ...(target.host.startsWith('/') ? { path: `${target.host}/.s.PGSQL.${target.port}` } : {}),
    port: target.port,
    database: target.database,
    username: target.user,
    ...(target.password === undefined ? {} : { password: target.password }),
    ssl: tls,
    max: size,
    // PgBouncer in transaction mode keeps no prepared statement of ours.
    prepare: false,
    fetch_types: false,
    connect_timeout: target.connectTimeoutMs / 1000,
    idle_timeout: 0,
    max_lifetime: null,
    connection: { application_name: name },
    onnotice: () => undefined,
    // Dates stay the text they are: a JavaScript Date would move them by the process's zone.
    types: {
      date: {
        to: 1082,
        from: [1082],
        serialize: (value: string) => value,
        parse: (value: string) => value,
      },
    },
  }) as unknown as Sql;

const tlsOptions = (target: DatabaseTarget): Tls => {
  if (target.tls === 'disable') return false;
  const ca =
    target.tlsRootCertificate === undefined ? {} : { ca: readFileSync(target.tlsRootCertificate, 'utf8') };
  if (target.tls === 'prefer' || target.tls === 'require') return { rejectUnauthorized: false, ...ca };
  return {
    rejectUnauthorized: true,
    ...ca,
    ...(target.tls === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
};
