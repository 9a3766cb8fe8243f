import type { Duplex } from 'node:stream';
import pg from 'pg';
import type { Settings } from '../config.js';
import { type Database, openDatabase } from '../db/database.js';
import { connectionFailure, isCancelled, isLostConnection, isTransient } from '../db/failure.js';
import type { Row, Value } from '../db/transaction.js';
import { exitCode, Failure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { Problem } from './problem.js';
import { openQueue } from './queue.js';
import type { ServeSettings } from './settings.js';

/** Reads of one request: all of them see the database at one moment. */
export interface Reading {
  /** Rows of sql/api/<name>.sql. */
  query<Result extends Row>(name: QueryName, parameters: readonly Value[]): Promise<Result[]>;
}

/** Names of the files in sql/api, without their extension. */
export type QueryName = string;

/** A request's reads that were timed, for `debug=1`. */
export interface Timing {
  readonly query: string;
  readonly rows: number;
  readonly ms: number;
}

/** Where the API reads from. */
export interface Store {
  /**
   * Runs `use` in a read-only transaction when its turn comes.
   * Throws a Problem: 503 where the database can't be reached, takes too long, or too many requests wait.
   */
  read<Result>(use: (reading: Reading) => Promise<Result>, timings?: Timing[]): Promise<Result>;
  close(): Promise<void>;
}

const timestamptz = 1184;
const date = 1082;

/** Days stay text, moments become ISO 8601 in UTC: the process's zone moves neither. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((type: number, format?: 'text' | 'binary') => {
    if (type === date) return (text: string) => text;
    if (type === timestamptz) return (text: string) => new Date(text).toISOString();
    return pg.types.getTypeParser(type, format as 'text');
  }) as typeof pg.types.getTypeParser,
};

const statements = new Map<string, string>();

const statement = (name: QueryName): string => {
  let text = statements.get(name);
  if (text === undefined) {
    text = readPackageFile(`sql/api/${name}.sql`);
    statements.set(name, text);
  }
  return text;
};

/** Opens the store; the database is connected to by the first read, and again by a later one where that failed. */
export const openStore = (settings: Settings, serve: ServeSettings): Store => {
  let opening: Promise<Database> | undefined;
  const open = (): Promise<Database> => {
    opening ??= openDatabase(settings, 'serve', serve.poolSize, { pipeline: true }).catch(
      (error: unknown) => {
        opening = undefined;
        throw error;
      },
    );
    return opening;
  };
  const queue = openQueue({
    running: serve.poolSize,
    waiting: serve.queueLimit,
    timeoutMs: serve.queueTimeoutMs,
  });
  const pinned = [
    `"${settings.schema}", pg_temp`,
    String(settings.lockTimeoutMs),
    String(serve.statementTimeoutMs),
  ];
  return {
    read: (use, timings) =>
      queue.run(async () => {
        try {
          const { pool, target } = await open();
          // Whatever keeps a connection from being made, a lost password included, the caller can only try again.
          const client = await pool.connect().catch((error: unknown) => {
            throw connectionFailure(error, target);
          });
          return await inTransaction(client, pinned, serve.prepare, use, timings);
        } catch (error) {
          throw problemOf(error);
        }
      }),
    close: async () => {
      const database = await opening?.catch(() => undefined);
      await database?.pool.end();
    },
  };
};

/**
 * What a reading depends on, in one statement that is prepared once: the names, the zone and the formats as
 * src/db/transaction.ts pins them. A plan is made once and kept: an endpoint's statement costs more to plan than to run.
 */
const pin = `select
  set_config('search_path', $1::text, true),
  set_config('lock_timeout', $2::text, true),
  set_config('statement_timeout', $3::text, true),
  set_config('timezone', 'UTC', true),
  set_config('datestyle', 'ISO, YMD', true),
  set_config('extra_float_digits', '1', true),
  set_config('idle_in_transaction_session_timeout', '0', true),
  set_config('jit', 'off', true),
  set_config('plan_cache_mode', 'force_generic_plan', true)`;

/**
 * Like src/db/transaction.ts, but nothing waits for an answer that it does not need: the beginning travels with the first
 * statements, the end with the answer. Nothing is written that could be left behind.
 */
const inTransaction = async <Result>(
  client: pg.PoolClient,
  pinned: readonly string[],
  prepare: boolean,
  use: (reading: Reading) => Promise<Result>,
  timings: Timing[] | undefined,
): Promise<Result> => {
  // A connection that dies between two statements reports it as an event; the next statement then fails.
  const ignore = () => undefined;
  client.on('error', ignore);
  gatherWrites(client);
  const { reading, close } = openReading(client, prepare, timings);
  /** Whatever was sent before has been answered when the last statement is: only then may somebody else have the connection. */
  const end = (last: string) =>
    client
      .query(last)
      .then(
        () => false,
        () => true,
      )
      .then((isBroken) => {
        client.off('error', ignore);
        client.release(isBroken);
      });
  try {
    const [, , result] = await Promise.all([
      client.query('begin isolation level repeatable read read only'),
      client.query({ text: pin, values: [...pinned], ...(prepare ? { name: 'arc_gam_api' } : {}) }),
      use(reading),
    ]);
    close();
    void end('commit');
    return result;
  } catch (error) {
    close();
    await end('rollback');
    throw error;
  }
};

/** Statements that are asked in one go leave in one packet: a system call each costs more than the small ones take. */
const gatherWrites = (client: pg.PoolClient): void => {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
};

const openReading = (
  client: pg.PoolClient,
  prepare: boolean,
  timings: Timing[] | undefined,
): { reading: Reading; close(): void } => {
  let isOpen = true;
  const query = async <Result extends Row>(
    name: QueryName,
    parameters: readonly Value[],
  ): Promise<Result[]> => {
    // Of several that were asked at once, one may go on after another has failed.
    if (!isOpen) throw new Error(`sql/api/${name}.sql was asked after the end of its request.`);
    gatherWrites(client);
    const started = performance.now();
    const { rows } = await client.query<Result>({
      text: statement(name),
      values: [...parameters],
      types,
      ...(prepare ? { name: `arc_gam_api_${name}` } : {}),
    });
    timings?.push({ query: name, rows: rows.length, ms: milliseconds(performance.now() - started) });
    return rows;
  };
  return {
    reading: { query },
    close: () => {
      isOpen = false;
    },
  };
};

/** Milliseconds to the microsecond. */
export const milliseconds = (value: number): number => Math.round(value * 1000) / 1000;

/** A database error as what a caller may know of it; its own words stay in the server's log. */
const problemOf = (error: unknown): unknown => {
  if (error instanceof Problem) return error;
  const { code } = error as { code?: string };
  const unavailable = (sentence: string) => new Problem(503, sentence, { cause: error, retryAfter: 5 });
  if ((error instanceof Failure && error.exitCode === exitCode.unreachable) || isLostConnection(error)) {
    return unavailable("The database can't be reached. Try again later.");
  }
  if (isCancelled(error)) return unavailable('The database took too long to answer. Try again later.');
  if (isTransient(error) || code === '55P03') return unavailable('The database is busy. Try again later.');
  if (code === '42P05' || code === '26000') {
    return unavailable(
      'A pooler gives each request another connection: start the server with ARC_GAM_API_PREPARE=off.',
    );
  }
  if (code === '42501')
    return unavailable('The database refuses the server its tables: its role needs more rights.');
  if (code === '42P01' || code === '42703' || code === '3F000') {
    return unavailable('The tables are not those of this version. Run: arc-gam migrate');
  }
  if (code === '22023' && /time zone/.test(String(error)))
    return new Problem(400, 'tz is a time zone that the database does not know.', { cause: error });
  return error;
};
