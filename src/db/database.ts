import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import pg from 'pg';
import type { Settings } from '../config.js';
import { usageFailure, workFailure } from '../errors.js';
import type { DatabaseTarget } from '../target.js';
import { connectionFailure, isAway, isLostConnection, isTlsRefused } from './failure.js';
import { accessToken } from './iam.js';

interface TlsOptions {
  rejectUnauthorized: boolean;
  ca?: string;
  cert?: string;
  key?: string;
  checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
}
type Tls = false | TlsOptions;

/** An open database: how to get connections to it. Nothing here knows what is in it. */
export interface Database {
  readonly target: DatabaseTarget;
  /** For example 150018. */
  readonly serverVersion: number;
  /** Connections for transactions, at most `poolSize`, opened when first used. See src/db/transaction.ts. */
  readonly pool: pg.Pool;
  /** Opens a connection outside of the pool. Throws as withDatabase does. */
  connect(applicationName?: string): Promise<pg.Client>;
}

/** Asks a connection, or one of a pool, as a session is asked: the rows of one statement with bind parameters. */
export const askClient =
  (client: pg.ClientBase | pg.Pool) =>
  async <Row extends Record<string, unknown>>(
    text: string,
    parameters: readonly string[] = [],
  ): Promise<Row[]> =>
    (await client.query<Row>(text, [...parameters])).rows;

const oldestServer = 140_000;

/** The name of our connections in pg_stat_activity, by which others see who they wait for. */
export const applicationName = (what: string): string => {
  const who = ` pid ${process.pid} on ${hostname()}`;
  return `arc-gam ${what}`.slice(0, 63 - Math.min(who.length, 40)) + who.slice(0, 40);
};

/**
 * Opens the database, gives it to `use` and closes every connection afterwards. `signal` ends every attempt to connect;
 * what is under way on a connection is the matter of whoever uses it.
 * Throws a failure where it can't be reached, in the words and with the exit code of src/db/failure.ts, or the signal's
 * reason.
 */
export const withDatabase = async <Result>(
  settings: Settings,
  what: string,
  signal: AbortSignal | undefined,
  use: (database: Database) => Promise<Result>,
): Promise<Result> => {
  const first = await open(settings, what, signal);
  // The connection that has asked for the version is the first one that the command asks for.
  let idle: pg.Client | null = first.client;
  const database: Database = {
    ...databaseOf(first, 1, false),
    connect: async (clientName) => {
      const client = idle;
      idle = null;
      return (client === null ? null : await renamed(client, clientName)) ?? first.connect(clientName);
    },
  };
  try {
    return await use(database);
  } finally {
    await Promise.all([database.pool.end(), idle?.end()]);
  }
};

/**
 * Lends a connection of the pool, outside of a transaction. Unheard, one that dies between two statements would end the
 * process; the next statement fails anyway. Throws as withDatabase does.
 */
export const withPooled = async <Result>(
  { pool, target }: Pick<Database, 'pool' | 'target'>,
  use: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> => {
  const client = await pool.connect().catch((error: unknown) => {
    throw connectionFailure(error, target);
  });
  const ignore = () => undefined;
  client.on('error', ignore);
  try {
    return await use(client);
  } finally {
    client.off('error', ignore);
    client.release();
  }
};

/** Gives an open connection another name. Closes it and returns null where it has died since. */
const renamed = async (client: pg.Client, name: string | undefined): Promise<pg.Client | null> => {
  try {
    if (name !== undefined) await client.query(setApplicationName(client, name));
    return client;
  } catch {
    await client.end().catch(() => undefined);
    return null;
  }
};

/** The statement that gives a connection its name, without bind parameters: see src/db/run-lock.ts. */
export const setApplicationName = (client: pg.Client, name: string): string =>
  `set application_name = ${client.escapeLiteral(name)}`;

/**
 * Opens the database; whoever called ends `pool`. Throws as withDatabase does. With `pipeline` the statements of
 * a connection are sent without waiting for the answers to those before; cursors don't work then.
 */
export const openDatabase = async (
  settings: Settings,
  what: string,
  poolSize: number,
  { pipeline = false, signal }: { pipeline?: boolean; signal?: AbortSignal } = {},
): Promise<Database> => {
  const first = await open(settings, what, signal);
  await first.client.end();
  return databaseOf(first, poolSize, pipeline);
};

/** A server that answers and that is new enough, by its first connection. */
interface Opened {
  readonly client: pg.Client;
  readonly serverVersion: number;
  readonly way: Way;
  readonly connect: Database['connect'];
}

/** How connections are made. */
interface Way {
  readonly target: DatabaseTarget;
  readonly tls: Tls;
  /** Their name in pg_stat_activity. */
  readonly name: string;
  readonly Client: typeof pg.Client;
  readonly signal: AbortSignal | undefined;
}

const open = async ({ target }: Settings, what: string, signal: AbortSignal | undefined): Promise<Opened> => {
  const { client, way, serverVersion } = await patientConnection({
    target,
    tls: tlsOptions(target),
    name: applicationName(what),
    Client: signal === undefined ? pg.Client : clientClass(signal),
    signal,
  });
  if (serverVersion < oldestServer) {
    await client.end();
    throw workFailure(
      `The server is PostgreSQL ${Math.floor(serverVersion / 10_000)}; arc-gam needs 14 or newer.`,
    );
  }
  return { client, serverVersion, way, connect: (name = way.name) => connectClient({ ...way, name }) };
};

const databaseOf = (
  { way, serverVersion, connect }: Opened,
  poolSize: number,
  pipeline: boolean,
): Database => ({
  target: way.target,
  serverVersion,
  pool: openPool(way, poolSize, pipeline),
  connect,
});

/** Tries for target.waitMs to reach a server that may be starting, failing over or out of connections. */
const patientConnection: typeof firstConnection = async (way) => {
  const deadline = performance.now() + way.target.waitMs;
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      return await firstConnection(way);
    } catch (error) {
      way.signal?.throwIfAborted();
      const leftMs = deadline - performance.now();
      if (!isAway(error) || leftMs <= 0) throw error;
      await sleep(Math.min(waitMs, leftMs), undefined, { signal: way.signal }).catch(() => undefined);
    }
  }
};

const firstConnection = async (way: Way): Promise<{ client: pg.Client; way: Way; serverVersion: number }> => {
  try {
    const client = await connectClient(way);
    return { client, way, serverVersion: await versionAt(client, way) };
  } catch (error) {
    // sslmode=prefer: plain only if the server offers no TLS, never because it refused the password.
    if (way.target.tls !== 'prefer' || !isTlsRefused(error)) throw error;
    return firstConnection({ ...way, tls: false });
  }
};

/** Asks a new connection, and closes it where it fails: a pooler lets in before it has reached the server. */
const versionAt = async (client: pg.Client, { target }: Way): Promise<number> => {
  try {
    const { rows } = await client.query<{ version: number }>(
      "select current_setting('server_version_num')::int as version",
    );
    return rows[0]?.version ?? 0;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw isLostConnection(error) ? connectionFailure(error, target) : error;
  }
};

const connectClient = async (way: Way): Promise<pg.Client> => {
  const client = new way.Client(clientOptions(way));
  // An idle connection that dies emits 'error'; without a listener that would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw connectionFailure(error, way.target);
  }
};

/**
 * Clients whose attempt to connect the signal ends, with its reason, however long the server says nothing. Afterwards
 * none connects any more.
 */
const clientClass = (signal: AbortSignal): typeof pg.Client => {
  const connecting = new Set<pg.Client>();
  const cut = () => {
    for (const client of connecting) destroy(client, signal.reason as Error);
  };
  signal.addEventListener('abort', cut, { once: true });
  return class extends pg.Client {
    constructor(options?: string | pg.ClientConfig) {
      super(options);
      connecting.add(this);
      const leave = () => connecting.delete(this);
      this.once('connect', leave).once('end', leave);
      if (signal.aborted) process.nextTick(cut);
    }
  };
};

/** Closes the socket without saying goodbye, because the other side may never answer. */
export const destroy = (client: pg.ClientBase, reason?: Error): void => {
  (client as unknown as { connection: { stream: Duplex } }).connection.stream.destroy(reason);
};

/** Every connection asks for an IAM token of its own: a backfill takes longer than a token is valid. */
const passwordOf = ({ target, signal }: Way): string | (() => Promise<string>) | undefined => {
  const { iamMetadataHost, password } = target;
  return iamMetadataHost === null ? password : () => accessToken(iamMetadataHost, signal);
};

const clientOptions = (way: Way): pg.ClientConfig => ({
  host: way.target.host,
  port: way.target.port,
  database: way.target.database,
  user: way.target.user,
  password: passwordOf(way),
  ssl: way.tls,
  connectionTimeoutMillis: way.target.connectTimeoutMs,
  application_name: way.name,
  keepAlive: true,
  // Not the two hours of most systems: what forgets idle connections, such as a NAT gateway, waits for minutes.
  keepAliveInitialDelayMillis: 30_000,
});

const dateType = 1082;

/**
 * pg rather than postgres.js for transactions: when a connection is cut inside of `sql.begin`, postgres.js 3.4.9 writes
 * to a socket that is gone, and the process ends with a TypeError that nobody can catch.
 */
const openPool = (way: Way, size: number, pipeline: boolean): pg.Pool => {
  const options: pg.PoolConfig & { pipeline: boolean } = {
    ...clientOptions(way),
    Client: way.Client,
    pipeline,
    max: size,
    idleTimeoutMillis: 0,
    types: {
      // Dates stay text: a JavaScript Date would shift them by the zone of the process.
      getTypeParser: ((type: number, format?: 'text' | 'binary') =>
        type === dateType
          ? (text: string) => text
          : pg.types.getTypeParser(type, format as 'text')) as typeof pg.types.getTypeParser,
    },
  };
  const pool = new pg.Pool(options);
  // The pool replaces an idle connection that dies; without a listener its 'error' event would end the process.
  pool.on('error', () => undefined);
  return pool;
};

const tlsOptions = (target: DatabaseTarget): Tls => {
  if (target.tls === 'disable') return false;
  const file = (key: 'ca' | 'cert' | 'key', path: string | undefined) =>
    path === undefined ? {} : { [key]: readPem(path) };
  const files: Pick<TlsOptions, 'ca' | 'cert' | 'key'> = {
    ...file('ca', target.tlsRootCertificate),
    ...file('cert', target.tlsCertificate),
    ...file('key', target.tlsKey),
  };
  if (target.tls === 'prefer' || target.tls === 'require') return { rejectUnauthorized: false, ...files };
  return {
    rejectUnauthorized: true,
    ...files,
    // For an IP address the driver passes no name to Node, which would then check the certificate for 'localhost'.
    checkServerIdentity:
      target.tls === 'verify-ca'
        ? () => undefined
        : (_host, certificate) => checkServerIdentity(target.host, certificate),
  };
};

const readPem = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw usageFailure(
      `The TLS file ${path} can't be read (${(cause as NodeJS.ErrnoException).code}). Check sslrootcert, sslcert and sslkey, or PGSSLROOTCERT, PGSSLCERT and PGSSLKEY.`,
      { cause },
    );
  }
};
