import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Settings } from '../config.js';
import { exitCode, Failure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { applicationName, askClient, type Database, destroy, setApplicationName } from './database.js';
import { cancelStatement, pinned, withoutTimeouts } from './transaction.js';

/** The lock that one run at a time holds per target schema. */
export interface RunLock {
  /** Whether the connection that carries the lock is still there. */
  isHeld(): boolean;
  /** Takes it again after its connection was lost. Throws exit code 4 if another run was faster. */
  retake(): Promise<void>;
  /** Our name in pg_stat_activity, which a waiting run shows to its user. */
  announce(what: string): Promise<void>;
}

export interface LockOptions {
  readonly schema: string;
  readonly what: string;
  /** Seconds to wait for another run to end. */
  readonly waitSeconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Called once when the wait begins, with who holds the lock. */
  readonly onWait?: (holder: string) => void;
}

/** How a command waits for the lock. */
export type WaitOptions = Pick<LockOptions, 'waitSeconds' | 'signal' | 'onWait'>;

/** Class of the run lock: 'agam' in ASCII; the other half of the key is a hash of the schema's name. */
export const lockClass = 0x6167616d;

/**
 * Holds the run lock while `use` runs. It is taken inside a transaction of its own connection: that survives
 * PgBouncer's transaction mode, and a killed run gives it back at once. It is for politeness between runs; what
 * protects the tables is the lock that each batch takes on the ledger. Throws a failure with exit code 4 that names the
 * holder.
 *
 * While it is held the connection sends no statement with bind parameters: the last one's portal would keep its
 * snapshot until the next statement or the end of the transaction, and for as long as somebody follows no vacuum could
 * take a dead row away, in the application's tables as little as in ours.
 */
export const withRunLock = async <Result>(
  database: Database,
  options: LockOptions,
  use: (lock: RunLock) => Promise<Result>,
): Promise<Result> => {
  let connection = await take(database, options);
  const lock: RunLock = {
    isHeld: () => !connection.lost,
    retake: async () => {
      destroy(connection.client);
      connection = await take(database, { ...options, waitSeconds: 0 });
    },
    announce: async (what) => {
      const { client } = connection;
      await soon(client.query(setApplicationName(client, applicationName(what))));
    },
  };
  try {
    return await use(lock);
  } finally {
    // Given back before the connection is closed: the server may take its time to see that, and the next run tries now.
    const { client } = connection;
    await soon(client.query('rollback').then(() => client.end()));
    destroy(client);
  }
};

/** Milliseconds that a run waits for the connection of its lock where it needs no answer. */
const answerMs = 2_000;

/** Waits for an answer that may never come: nobody tells of a connection that died while it idled for a batch. */
const soon = async (answer: Promise<unknown>): Promise<void> => {
  const over = new AbortController();
  await Promise.race([answer, sleep(answerMs, undefined, { signal: over.signal })]).catch(() => undefined);
  over.abort();
};

/** Where the server hears nothing of the connection for so long, it is dead, and the lock free for the next run. */
const deadAfterAMinute =
  'set local tcp_keepalives_idle = 30; set local tcp_keepalives_interval = 10; set local tcp_keepalives_count = 3';

/**
 * One transaction while the run lock is held, on a connection of its own, in which unqualified names mean the target
 * schema. Its settings are those of the transaction: behind PgBouncer, one of the session would stay on a connection
 * that others get next. The signal ends the statement that is running, and no other one follows.
 */
export const withLockedTransaction = <Result>(
  database: Database,
  settings: Pick<Settings, 'schema' | 'lockTimeoutMs' | 'statementTimeoutMs'>,
  { signal, ...lock }: Omit<LockOptions, 'schema'>,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> =>
  withRunLock(database, { schema: settings.schema, signal, ...lock }, async () => {
    const client = await database.connect();
    const stop = () => {
      cancelStatement(database.target, client);
      destroy(client);
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await client.query(`begin;${pinned(database, settings)}`);
      const result = await use(client);
      signal?.throwIfAborted();
      // Of a commit that is cut nobody could say whether it took place.
      signal?.removeEventListener('abort', stop);
      await client.query('commit');
      return result;
    } catch (error) {
      if (signal?.aborted && !(error instanceof Failure)) throw signal.reason;
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      await client.end().catch(() => undefined);
    }
  });

/** Milliseconds that a run waits for a follower's cycle, even with --wait 0. */
const cycleMs = 60_000;

interface LockConnection {
  client: pg.Client;
  lost: boolean;
}

const take = async (database: Database, options: LockOptions): Promise<LockConnection> => {
  options.signal?.throwIfAborted();
  const connection: LockConnection = {
    client: await database.connect(applicationName(options.what)),
    lost: false,
  };
  const lose = () => {
    connection.lost = true;
  };
  connection.client.on('error', lose);
  connection.client.on('end', lose);
  try {
    await waitForLock(connection.client, database.serverVersion, options);
    return connection;
  } catch (error) {
    await connection.client.end().catch(() => undefined);
    throw error;
  }
};

/** Tries until the lock is taken, each try in a transaction of its own: so a waiting run holds no snapshot. */
const waitForLock = async (client: pg.Client, serverVersion: number, options: LockOptions): Promise<void> => {
  const begun = Date.now();
  const deadline = begun + options.waitSeconds * 1000;
  let told = false;
  for (;;) {
    options.signal?.throwIfAborted();
    await client.query(`begin; ${withoutTimeouts(serverVersion)} ${deadAfterAMinute}`);
    const taken = await client.query<{ taken: boolean }>(
      `select pg_try_advisory_xact_lock(${lockClass}, hashtext(${client.escapeLiteral(options.schema)})) as taken`,
    );
    if (taken.rows[0]?.taken) return;
    const holder = await runLockHolder(askClient(client), options.schema);
    await client.query('rollback');
    // Who held it has just ended.
    if (holder === undefined) continue;
    // A follower releases the lock after its cycle, within seconds, so every run waits at least for that.
    const isCycle = /^arc-gam follow\b/.test(holder);
    const until = isCycle ? Math.max(deadline, begun + cycleMs) : deadline;
    if (Date.now() >= until) {
      const waited = options.waitSeconds > 0 ? ` after ${options.waitSeconds} s of waiting` : '';
      throw new Failure(
        exitCode.locked,
        `Another run holds the lock of schema '${options.schema}'${waited}: ${holder}. Wait for it with --wait SECONDS, or look at it with: arc-gam status`,
      );
    }
    if (!told) options.onWait?.(holder);
    told = true;
    await sleep(Math.min(200, until - Date.now()));
  }
};

/** The name of the lock that a follow holds all the while, beside the schema's own of each of its cycles. */
export const followLock = (schema: string): string => `${schema} follow`;

/** Who holds the run lock of a schema, or the follow's by its name, in words; undefined when nobody does. */
export const runLockHolder = async (
  ask: ReturnType<typeof askClient>,
  schema: string,
): Promise<string | undefined> => {
  const [holder] = await ask<{ name: string | null; pid: number; since: string | null }>(
    readPackageFile('sql/status/lock_holder.sql'),
    [String(lockClass), schema],
  );
  if (holder === undefined) return undefined;
  const name = holder.name ?? 'a session of another role';
  return `${name} (since ${holder.since ?? 'unknown'}, backend ${holder.pid})`;
};
