import { connect } from 'node:net';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import type { Settings } from '../config.js';
import { Failure } from '../errors.js';
import type { DatabaseTarget } from '../target.js';
import type { Database } from './database.js';
import { connectionFailure, isAway, isLostConnection } from './failure.js';

/** Row of a result: values by column. */
export type Row = Record<string, unknown>;

/** A transaction in which unqualified names mean the target schema, and in which a signal ends what is running. */
export interface Session {
  /** Runs one statement with bind parameters and returns its rows. */
  query<Result extends Row = Row>(text: string, parameters?: readonly Value[]): Promise<Result[]>;
  /** Runs one statement with bind parameters. Returns the number of rows written, also for `create table as`. */
  run(text: string, parameters?: readonly Value[]): Promise<number>;
  /** Rows of one statement, `rowsAtOnce` fetched at a time: constant memory however many there are. */
  stream<Result extends Row = Row>(
    text: string,
    parameters: readonly Value[],
    rowsAtOnce: number,
  ): AsyncIterable<Result>;
  /** Runs several statements without parameters, and returns the rows of the last one. */
  script<Result extends Row = Row>(text: string): Promise<Result[]>;
}

export type Value = string | number | boolean | null;

export interface TransactionOptions {
  readonly readOnly?: boolean;
  /** Ends the statement that is running and rolls back. */
  readonly signal?: AbortSignal | undefined;
  /** Statements that run before the first snapshot is taken, for example a `lock table`. */
  readonly before?: string;
}

/** How long a transaction may take or wait is ours to say: some of them hold a lock for as long as a run takes. */
export const withoutTimeouts = (serverVersion: number): string =>
  `set local idle_in_transaction_session_timeout = 0;${serverVersion >= 170_000 ? ' set local transaction_timeout = 0;' : ''}`;

/** Thrown inside of `use` to roll back and still return a value. */
class Rollback extends Error {
  readonly value: unknown;

  constructor(value: unknown) {
    super('rollback');
    this.value = value;
  }
}

/** Ends the transaction without keeping anything; withTransaction then returns `value`. */
export const rollBack = (value: unknown): never => {
  throw new Rollback(value);
};

/** What no figure may depend on a session for. */
export const pinnedValues = `set local timezone = 'UTC';
set local datestyle = 'ISO, YMD';
set local intervalstyle = 'postgres';
set local extra_float_digits = 1;
set local bytea_output = 'hex';
set local row_security = off;
set local standard_conforming_strings = on;
set local quote_all_identifiers = off;
set local jit = off;
set local work_mem = '128MB';`;

/**
 * What every transaction of ours pins, so that no figure depends on a session: names, zone, formats, and planner
 * settings that don't suit set-based statements. client_connection_check_interval ends the statement of a killed run.
 */
export const pinned = (
  { serverVersion }: Pick<Database, 'serverVersion'>,
  settings: Pick<Settings, 'schema' | 'lockTimeoutMs' | 'statementTimeoutMs'>,
): string => `
set local search_path = "${settings.schema}", pg_temp;
${pinnedValues}
set local client_connection_check_interval = '1s';
${withoutTimeouts(serverVersion)}
set local lock_timeout = ${settings.lockTimeoutMs};
set local statement_timeout = ${settings.statementTimeoutMs};`;

/**
 * Runs `work` with these ways to join or scan disabled, named as in Postgres' enable_... settings: for a statement
 * whose row counts the planner can't estimate. They are enabled again afterwards, or end with the transaction if it
 * fails.
 */
export const avoiding = async <Result>(
  session: Pick<Session, 'script'>,
  ways: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> => {
  const set = (state: 'on' | 'off') =>
    session.script(ways.map((way) => `set local enable_${way} = ${state};`).join(' '));
  if (ways.length === 0) return work();
  await set('off');
  const result = await work();
  await set('on');
  return result;
};

/**
 * Runs `use` in one repeatable-read transaction: every statement sees the source and the tables at one moment.
 * Commits when it returns, rolls back when it throws. Throws the database's error, or the signal's reason.
 */
export const withTransaction = async <Result>(
  database: Pick<Database, 'target' | 'pool' | 'serverVersion'>,
  settings: Settings,
  use: (session: Session) => Promise<Result>,
  { readOnly = false, signal, before = '' }: TransactionOptions = {},
): Promise<Result> => {
  signal?.throwIfAborted();
  const client = await database.pool.connect().catch((error: unknown) => {
    throw connectionFailure(error, database.target);
  });
  // A connection that dies between two statements emits 'error'; the next statement then fails.
  const ignore = () => undefined;
  client.on('error', ignore);
  let broken: unknown;
  try {
    const session = openSession(database.target, client, signal);
    // Settings and locks take no snapshot: that begins with the first statement of `use`.
    await session.script(
      `begin isolation level repeatable read${readOnly ? ' read only' : ''};${pinned(database, settings)}${before}`,
    );
    const result = await use(session);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((lost: unknown) => {
      broken = lost;
    });
    if (error instanceof Rollback) return error.value as Result;
    // Also a server that only takes reads now: the next connection may lead to the new primary.
    if (isAway(error)) broken = error;
    if (signal?.aborted && !(error instanceof Failure)) throw signal.reason;
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken !== undefined);
  }
};

/** Runs `use`, which reads on a connection that is in no transaction, in one that is pinned as all are. */
export const readPinned = async <Result>(
  database: Pick<Database, 'serverVersion'>,
  settings: Settings,
  client: pg.ClientBase,
  use: () => Promise<Result>,
): Promise<Result> => {
  await client.query(`begin read only;${pinned(database, settings)}`);
  try {
    return await use();
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
};

const openSession = (
  target: DatabaseTarget,
  client: pg.PoolClient,
  signal: AbortSignal | undefined,
): Session => {
  /** Ends the statement that is running when the signal comes. */
  const cancellable = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    signal?.throwIfAborted();
    const cancel = () => cancelStatement(target, client);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await work();
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  };
  return {
    query: <Result extends Row>(text: string, parameters: readonly Value[] = []) =>
      cancellable(async () => (await client.query<Result>(text, [...parameters])).rows),
    run: (text: string, parameters: readonly Value[] = []) =>
      cancellable(async () => (await client.query(text, [...parameters])).rowCount ?? 0),
    async *stream<Result extends Row>(text: string, parameters: readonly Value[], rowsAtOnce: number) {
      const cursor = client.query(new Cursor<Result>(text, [...parameters]));
      // A cursor of a connection that is gone would wait for its answer for ever.
      let isLost = false;
      try {
        for (;;) {
          const rows = await cancellable(() => cursor.read(rowsAtOnce));
          if (rows.length === 0) return;
          yield* rows;
        }
      } catch (error) {
        isLost = isLostConnection(error);
        throw error;
      } finally {
        if (!isLost) await cursor.close();
      }
    },
    script: <Result extends Row>(text: string) =>
      cancellable(async () => {
        const results = await client.query<Result>(text);
        // One result a statement, where there are several.
        return (Array.isArray(results) ? (results as pg.QueryResult<Result>[]).at(-1) : results)?.rows ?? [];
      }),
  };
};

const cancelRequestCode = 80_877_102;

/**
 * Asks the server to end what a connection is running: the protocol's CancelRequest, on a connection of its own.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
export const cancelStatement = (target: DatabaseTarget, client: pg.ClientBase): void => {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(cancelRequestCode, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = target.host.startsWith('/')
    ? connect(`${target.host}/.s.PGSQL.${target.port}`)
    : connect(target.port, target.host);
  // The server sends no reply, it closes the connection. If it can't be reached, the statement ends by itself.
  socket.on('error', () => undefined);
  socket.end(request);
};
