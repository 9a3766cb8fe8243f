import type postgres from 'postgres';
import type { Settings } from '../config.js';
import { Failure } from '../errors.js';
import type { Database, Transaction } from './database.js';

/** Row of a result: values by column. */
export type Row = Record<string, unknown>;

/** A transaction in which unqualified names mean the target schema, and in which a signal ends what is running. */
export interface Session {
  /** Runs one statement with bind parameters and returns its rows. */
  query<Result extends Row = Row>(text: string, parameters?: readonly Value[]): Promise<Result[]>;
  /** Rows of one statement, `rowsAtOnce` fetched at a time: constant memory however many there are. */
  stream<Result extends Row = Row>(
    text: string,
    parameters: readonly Value[],
    rowsAtOnce: number,
  ): AsyncIterable<Result>;
  /** Runs several statements without parameters or result. */
  script(text: string): Promise<void>;
}

export type Value = string | number | boolean | null;

export interface TransactionOptions {
  readonly readOnly?: boolean;
  /** Ends the statement that is running and rolls back. */
  readonly signal?: AbortSignal | undefined;
  /** Statements that run before the first snapshot is taken, for example a `lock table`. */
  readonly before?: string;
}

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

/**
 * What every transaction of ours pins, so that no figure depends on a session: names, zone, formats, and planner
 * settings that don't suit set-based statements. client_connection_check_interval ends the statement of a killed run.
 */
const pinned = (settings: Settings): string => `
set local search_path = "${settings.schema}", pg_temp;
set local timezone = 'UTC';
set local datestyle = 'ISO, YMD';
set local intervalstyle = 'postgres';
set local extra_float_digits = 1;
set local bytea_output = 'hex';
set local standard_conforming_strings = on;
set local client_connection_check_interval = '1s';
set local idle_in_transaction_session_timeout = 0;
set local jit = off;
set local work_mem = '128MB';
set local lock_timeout = ${settings.lockTimeoutMs};
set local statement_timeout = ${settings.statementTimeoutMs};`;

/**
 * Runs `use` in one repeatable-read transaction: every statement sees the source and the tables at one moment.
 * Commits when it returns, rolls back when it throws. Throws the database's error, or the signal's reason.
 */
export const withTransaction = async <Result>(
  database: Pick<Database, 'sql'>,
  settings: Settings,
  use: (session: Session) => Promise<Result>,
  { readOnly = false, signal, before = '' }: TransactionOptions = {},
): Promise<Result> => {
  signal?.throwIfAborted();
  try {
    return (await database.sql.begin(
      `isolation level repeatable read${readOnly ? ' read only' : ''}`,
      async (transaction) => {
        const session = openSession(transaction, signal);
        await session.script(pinned(settings) + before);
        return use(session);
      },
    )) as Result;
  } catch (error) {
    if (error instanceof Rollback) return error.value as Result;
    if (signal?.aborted && !(error instanceof Failure)) throw signal.reason;
    throw error;
  }
};

const openSession = (transaction: Transaction, signal: AbortSignal | undefined): Session => {
  const run = async <Result extends Row>(query: postgres.PendingQuery<Result[]>): Promise<Result[]> => {
    signal?.throwIfAborted();
    const cancel = () => query.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await query;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  };
  return {
    query: <Result extends Row>(text: string, parameters: readonly Value[] = []) =>
      run(transaction.unsafe<Result[]>(text, [...parameters])),
    async *stream<Result extends Row>(text: string, parameters: readonly Value[], rowsAtOnce: number) {
      for await (const rows of transaction.unsafe<Result[]>(text, [...parameters]).cursor(rowsAtOnce)) {
        signal?.throwIfAborted();
        yield* rows as Result[];
      }
    },
    script: async (text) => {
      await run(transaction.unsafe(text).simple());
    },
  };
};
