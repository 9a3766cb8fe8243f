import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { hasCitus } from '../../citus/cluster.js';
import { partByPart } from '../../citus/reading.js';
import type { Settings } from '../../config.js';
import { askClient, type Database, destroy, openDatabase } from '../../db/database.js';
import { connectionFailure, isCancelled, isLostConnection, isTransient } from '../../db/failure.js';
import type { Row, Value } from '../../db/transaction.js';
import { Failure } from '../../errors.js';
import { readPackageFile } from '../../files.js';
import { Problem } from '../problem.js';
import { hungUp, isHangUp, openQueue } from '../queue.js';
import type { ServeSettings } from '../settings.js';

/** Reads of one request: all of them see the database at one moment. */
export interface Reading {
  /** Rows of sql/api/<name>.sql. */
  query<Result extends Row>(name: string, parameters: readonly Value[]): Promise<Result[]>;
}

/** A request's reads that were timed, for `debug=1`. */
export interface Timing {
  readonly query: string;
  readonly rows: number;
  /**
   * From the answer before it on, if that came later than the question: statements are sent together, and answered in
   * turn.
   */
  readonly ms: number;
}

export interface ReadOptions {
  readonly timings?: Timing[] | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that a read may take, waiting for its turn included; default: those of a statement and one second. */
  readonly deadlineMs?: number;
}

/** Where the API reads from. */
export interface Store {
  /**
   * Runs `use` in a read-only transaction when its turn comes.
   * Throws a Problem: 503 where the database can't be reached, does not answer in time, or too many requests wait.
   */
  read<Result>(use: (reading: Reading) => Promise<Result>, options?: ReadOptions): Promise<Result>;
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

/** The texts of the statements: those that one server answers, and as a cluster does, wherever its figures are. */
const statements = { here: new Map<string, string>(), spread: new Map<string, string>() };
type Texts = keyof typeof statements;

const statement = (name: string, texts: Texts): string => {
  let text = statements[texts].get(name);
  if (text === undefined) {
    const here = readPackageFile(`sql/api/${name}.sql`);
    text = texts === 'spread' ? partByPart(here) : here;
    statements[texts].set(name, text);
  }
  return text;
};

/** Where figures can be spread over nodes they may be at any time: `arc-gam distribute` asks no server to stop. */
const textsOf = async ({ pool }: Database): Promise<Texts> =>
  (await hasCitus(askClient(pool))) ? 'spread' : 'here';

/**
 * Opens the store; the database is connected to by the first read, and again by a later one where that failed.
 *
 * pg and not postgres.js, which pipelines and prepares by itself: the same reads cost the client 1.6 times as much with
 * it (bench/README.md), it can close all of its connections only, not the one that a frozen server or a caller who hung
 * up has left at work, and a connection cut inside of `sql.begin` ends the process (src/db/database.ts).
 */
export const openStore = (settings: Settings, serve: ServeSettings): Store => {
  const defaultDeadlineMs = serve.statementTimeoutMs + 1_000;
  const closing = new AbortController();
  let opening: Promise<{ database: Database; texts: Texts }> | undefined;
  const pinned = [
    `"${settings.schema}", pg_temp`,
    String(settings.lockTimeoutMs),
    String(serve.statementTimeoutMs),
  ];
  const clients = new Set<pg.Client>();
  const open = (): Promise<{ database: Database; texts: Texts }> => {
    const options = { pipeline: true, signal: closing.signal };
    opening ??= openDatabase(settings, 'serve', serve.poolSize, options).then(async (database) => {
      database.pool.on('connect', (client) => {
        clients.add(client);
        if (serve.prepare) prepareSession(client, pinned);
      });
      database.pool.on('remove', (client) => clients.delete(client));
      return { database, texts: await textsOf(database) };
    });
    const attempt = opening;
    const forget = () => {
      if (opening === attempt) opening = undefined;
    };
    // A network may have dropped the first connection unseen: the next request tries with another one.
    const impatience = setTimeout(forget, settings.target.waitMs + defaultDeadlineMs).unref();
    attempt.then(() => clearTimeout(impatience), forget);
    return attempt;
  };
  const queue = openQueue({
    running: serve.poolSize,
    waiting: serve.queueLimit,
    timeoutMs: serve.queueTimeoutMs,
  });
  return {
    read: (use, { timings, signal, deadlineMs = defaultDeadlineMs } = {}) =>
      withDeadline(deadlineMs, signal, (cut) =>
        queue.run(
          () =>
            untilCut(cut, async () => {
              const {
                database: { pool, target },
                texts,
              } = await open();
              // Whatever the reason (even a wrong password), all that the caller can do is to try again.
              const client = await pool.connect().catch((error: unknown) => {
                throw connectionFailure(error, target);
              });
              return inTransaction(client, { pinned, serve, texts, timings, cut, deadlineMs }, use);
            }).catch((error: unknown) => {
              throw problemOf(error);
            }),
          cut,
        ),
      ),
    close: async () => {
      closing.abort();
      // A server that does not answer would not answer a goodbye either.
      const patience = new AbortController();
      const impatience = sleep(1_000, undefined, { signal: patience.signal }).then(
        () => {
          for (const client of clients) destroy(client);
        },
        () => undefined,
      );
      const goodbye = opening?.then(({ database }) => database.pool.end()).catch(() => undefined);
      await Promise.race([impatience, goodbye]);
      patience.abort();
    },
  };
};

/** Runs `work` with a signal that is aborted, with what to tell the caller, after `deadlineMs` or when `signal` is. */
const withDeadline = async <Result>(
  deadlineMs: number,
  signal: AbortSignal | undefined,
  work: (cut: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  const cut = new AbortController();
  const hangUp = () => cut.abort(hungUp());
  const timer = setTimeout(
    () =>
      cut.abort(
        new Problem(503, 'unreachable', 'The database does not answer. Try again later.', { retryAfter: 5 }),
      ),
    deadlineMs,
  );
  signal?.addEventListener('abort', hangUp, { once: true });
  if (signal?.aborted) hangUp();
  try {
    return await work(cut.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', hangUp);
  }
};

/**
 * Runs `work` until it is done or `cut` is aborted. Then it throws at once, whatever `work` waits for: the next in line
 * has its place.
 */
const untilCut = <Result>(cut: AbortSignal, work: () => Promise<Result>): Promise<Result> =>
  new Promise<Result>((resolve, reject) => {
    cut.addEventListener('abort', () => reject(cut.reason), { once: true });
    work().then(resolve, reject);
  });

/**
 * Milliseconds that what is at work for a caller who hung up may still take: another connection, with its plans, costs
 * more than most statements have left to do.
 */
const graceMs = 250;

const pin = readPackageFile('sql/api/pin.sql');

/**
 * Pins a connection of our own once. A pooler gives each transaction another one, so with ARC_GAM_API_PREPARE=off each
 * transaction pins itself.
 */
const prepareSession = (client: pg.ClientBase, pinned: readonly string[]): void => {
  client.query(pin, [...pinned, 'false']).catch(() => destroy(client));
  // So that a statement ends soon after its connection was thrown away. Servers on some systems can't look, and say so.
  client
    .query("select set_config('client_connection_check_interval', '250ms', false)")
    .catch(() => undefined);
};

interface Transaction {
  readonly pinned: readonly string[];
  readonly serve: ServeSettings;
  readonly texts: Texts;
  readonly timings: Timing[] | undefined;
  readonly cut: AbortSignal;
  readonly deadlineMs: number;
}

/**
 * Like src/db/transaction.ts, but nothing waits for an answer that it does not need: the beginning travels with the
 * first statements, the end with the answer. Nothing is written that could be left behind.
 */
const inTransaction = async <Result>(
  client: pg.PoolClient,
  { pinned, serve, texts, timings, cut, deadlineMs }: Transaction,
  use: (reading: Reading) => Promise<Result>,
): Promise<Result> => {
  // A connection that dies between two statements reports it as an event; the next statement then fails.
  const ignore = () => undefined;
  let isDestroyed = false;
  const abandon = () => {
    isDestroyed = true;
    destroy(client);
  };
  client.on('error', ignore);
  gatherWrites(client);
  const { reading, close } = openReading(client, { prepare: serve.prepare, texts, timings });
  let grace: NodeJS.Timeout | undefined;
  const stop = () => {
    close();
    if (isHangUp(cut.reason)) grace = setTimeout(abandon, graceMs);
    else abandon();
  };
  if (cut.aborted) stop();
  else cut.addEventListener('abort', stop, { once: true });
  /**
   * Whatever was sent before has been answered when the last statement is: only then may somebody else have the
   * connection.
   */
  const end = (last: string) => {
    cut.removeEventListener('abort', stop);
    const timer = setTimeout(abandon, deadlineMs);
    return client
      .query(last)
      .then(
        () => isDestroyed,
        () => true,
      )
      .then((isBroken) => {
        clearTimeout(timer);
        clearTimeout(grace);
        client.off('error', ignore);
        client.release(isBroken);
      });
  };
  try {
    const [, , result] = await Promise.all([
      client.query('begin isolation level repeatable read read only'),
      serve.prepare ? undefined : client.query(pin, [...pinned, 'true']),
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
  { prepare, texts, timings }: { prepare: boolean; texts: Texts; timings: Timing[] | undefined },
): { reading: Reading; close(): void } => {
  let isOpen = true;
  let answeredAt = 0;
  const query = async <Result extends Row>(name: string, parameters: readonly Value[]): Promise<Result[]> => {
    // Of several that were asked at once, one may go on after another has failed.
    if (!isOpen) throw new Error(`sql/api/${name}.sql was asked after the end of its request.`);
    gatherWrites(client);
    const started = performance.now();
    const { rows } = await client.query<Result>({
      text: statement(name, texts),
      values: [...parameters],
      types,
      ...(prepare ? { name: `arc_gam_api_${name}` } : {}),
    });
    const now = performance.now();
    timings?.push({
      query: name,
      rows: rows.length,
      ms: milliseconds(now - Math.max(started, answeredAt)),
    });
    answeredAt = now;
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
  const unavailable = (word: string, sentence: string) =>
    new Problem(503, word, sentence, { cause: error, retryAfter: 5 });
  // Also a password that changed, a database that is gone: what a command ends with is no answer to a caller.
  if (error instanceof Failure || isLostConnection(error)) {
    return unavailable('unreachable', "The database can't be reached. Try again later.");
  }
  if (isCancelled(error)) {
    return unavailable('timed_out', 'The database took too long to answer. Try again later.');
  }
  if (isTransient(error) || code === '55P03') {
    return unavailable('busy', 'The database is busy. Try again later.');
  }
  if (code === '42P05' || code === '26000') {
    return unavailable(
      'pooler',
      'A pooler gives each request another connection: start the server with ARC_GAM_API_PREPARE=off.',
    );
  }
  if (code === '42501') {
    return unavailable(
      'no_rights',
      'The database refuses the server its tables: its role needs more rights. Run: arc-gam grants',
    );
  }
  if (code === '42P01' || code === '42703' || code === '42883' || code === '3F000') {
    return unavailable('no_tables', 'The tables are not those of this version. Run: arc-gam migrate');
  }
  if (code === '22023' && /time zone/.test(String(error))) {
    return new Problem(400, 'unknown_zone', 'tz is a time zone that the database does not know.', {
      cause: error,
    });
  }
  return error;
};
