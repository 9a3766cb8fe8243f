import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Settings } from '../config.js';
import type { Authority } from './authority.js';
import type { Endpoint } from './endpoint.js';
import { endpoints } from './endpoints/index.js';
import { Problem } from './problem.js';
import type { CommonQuestion } from './question.js';
import type { Shares } from './queue.js';
import type { Cache, Context, Lifetime, Places } from './reading/context.js';
import { milliseconds, type Reading, type Store, type Timing } from './reading/store.js';
import { openUsers, type Users } from './reading/users.js';
import { readOptOuts, readViewer, type Watermark } from './reading/viewer.js';
import type { ServeSettings } from './settings.js';
import type { Meta } from './shape.js';

/** Relations that every endpoint reads. */
const ledger = ['setting', 'processed_day', 'frozen_day', 'run', 'app_user', 'user_key', 'home_place'];
/** Relations that any endpoint reads. */
export const relations = [...new Set([...ledger, ...endpoints.flatMap((endpoint) => endpoint.relations)])];

/** What answering needs, as it is made when a server begins. */
export interface Parts {
  readonly settings: Settings;
  readonly serve: ServeSettings;
  readonly store: Store;
  readonly authority: Authority;
  /** The moment to answer for, ISO 8601: for tests and demonstrations on old data. */
  readonly now: string | undefined;
  readonly cache: Cache;
  readonly places: Places;
  readonly users: Users;
  readonly shares: Shares;
  /** How things are counted, by topic. */
  readonly sentences: Readonly<Record<string, string>>;
  /** Of the package. */
  readonly version: string;
}

/** Says that relations are missing. */
export const withoutTables = (missing: readonly string[]): Problem =>
  new Problem(503, 'no_tables', `The schema has no ${missing.join(', ')}. Run: arc-gam migrate`);

/** What a request asks. Throws a problem of status 400 for a parameter that is wrong. */
export const parseQuestion = ({ question }: Endpoint, query: unknown): CommonQuestion => {
  const parsed = question.safeParse(query);
  if (parsed.success) return parsed.data as CommonQuestion;
  const [issue] = parsed.error.issues;
  const message = issue?.message ?? 'A parameter is wrong.';
  throw new Problem(400, codeOf(issue?.path[0], message), message);
};

/** A phrase for what is wrong with a parameter. */
const codeOf = (parameter: PropertyKey | undefined, message: string): string => {
  if (message.endsWith('is required')) return `${String(parameter)}_required`;
  if (parameter === 'tz') return 'unknown_zone';
  if (parameter === 'time_window') return 'unknown_window';
  return `bad_${String(parameter)}`;
};

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly started: number;
}

/**
 * Answers from the database, with made-up data where that was asked for or there are no tables, or with 304. Throws a
 * problem where the database can't be read.
 */
export const answer = async (
  parts: Parts,
  endpoint: Endpoint,
  question: CommonQuestion,
  exchange: Exchange,
): Promise<FastifyReply> => {
  const { serve, store } = parts;
  const { reply, started } = exchange;
  if (question.demo === true) {
    return sendMock(parts, endpoint, question, exchange, 'This is made-up data: demo=1 asked for it.');
  }
  const timings: Timing[] | undefined = question.debug === true ? [] : undefined;
  const result = await store.read(
    (reading) => read(parts, endpoint, question, exchange.request.headers['if-none-match'], reading),
    {
      timings,
      signal: signalOf(reply),
    },
  );
  if ('missing' in result) {
    const problem = withoutTables(result.missing);
    if (!serve.mock) throw problem;
    return sendMock(parts, endpoint, question, exchange, `This is made-up data. ${problem.message}`);
  }
  reply.header('x-data-source', 'database');
  if (timings === undefined) {
    reply.header('cache-control', 'private, max-age=60').header('etag', result.etag);
    const before = reply.getHeader('vary');
    reply.header('vary', before === undefined ? 'authorization' : `${String(before)}, authorization`);
  } else reply.header('cache-control', 'no-store');
  if (!('body' in result)) return reply.code(304).send();
  const { watermark, body, described } = result;
  const meta: Meta = {
    source: 'database',
    duration_ms: milliseconds(performance.now() - started),
    user_id: question.user_id,
    watermark: {
      as_of_day: watermark.as_of_day,
      computed_at: watermark.computed_at,
      known_until: watermark.known_until,
    },
    tz_used: watermark.viewer_zone,
    why: whyOf(parts, endpoint),
    ...described,
    ...(timings === undefined ? {} : { debug: { boundaries: boundariesOf(watermark), queries: timings } }),
  };
  return reply.send({ source: 'database', user_id: question.user_id, ...body, meta });
};

type Result =
  | { readonly missing: readonly string[] }
  | { readonly etag: string }
  | {
      readonly etag: string;
      readonly watermark: Watermark;
      readonly body: object;
      readonly described: Partial<Meta> & { readonly warnings: string[] };
    };

/** Milliseconds until tables that vanished are noticed. */
const tablesLifetime: Lifetime = { freshMs: 4_000, lifeMs: 4_000 };
/** Milliseconds until a new opt-out takes effect. */
const optOutLifetime: Lifetime = { freshMs: 10_000, lifeMs: 20_000 };

/** Reads the body of an answer; only its tag where `ifNoneMatch` has it already, and what is missing without tables. */
export const read = async (
  { settings, serve, cache, places, users, now, version }: Parts,
  endpoint: Endpoint,
  question: CommonQuestion,
  ifNoneMatch: string | undefined,
  reading: Reading,
): Promise<Result> => {
  let tables = await cache.of('tables', '', reading, readTables, tablesLifetime);
  // What was missing a moment ago may have been made since.
  if (tables.size < relations.length) tables = await readTables(reading);
  const missing = [...new Set([...ledger, ...endpoint.relations])].filter((table) => !tables.has(table));
  if (missing.length > 0) return { missing };
  const [{ watermark, viewer }, optOuts, revision] = await Promise.all([
    readViewer(reading, question.user_id, {
      fallbackZone: settings.zone ?? 'UTC',
      zone: question.tz,
      now: now ?? null,
    }),
    cache.of('opt-outs', '', reading, readOptOuts, optOutLifetime),
    endpoint.revision?.(reading),
  ]);
  const etag = etagOf([
    endpoint.name,
    question,
    watermark.revision,
    watermark.viewer_today,
    watermark.now_at.slice(0, endpoint.changesEach === 'minute' ? 16 : 13),
    optOuts,
    revision,
    version,
    serve.weeklyGoalTaps,
    serve.recommendation,
  ]);
  if (question.debug !== true && matches(ifNoneMatch, etag)) return { etag };
  const described: Partial<Meta> & { warnings: string[] } = { warnings: [] };
  const context: Context = {
    reading,
    watermark,
    viewer,
    serve,
    optOuts,
    cache,
    places,
    // Who looks for what takes long wants to see all of it.
    users: question.debug === true ? openUsers() : users,
    describe: (meta) => Object.assign(described, meta),
  };
  if (watermark.as_of_day === null) described.warnings.push('No day is processed yet. Run: arc-gam etl');
  return { etag, watermark, body: await endpoint.read(context, question), described };
};

/** Aborted when the caller hangs up before the answer is written. */
const signalOf = (reply: FastifyReply): AbortSignal => {
  const controller = new AbortController();
  const leave = () => {
    if (!reply.raw.writableEnded) controller.abort();
  };
  // Whoever left while the keys of the tokens were fetched has left already.
  if (reply.raw.destroyed) leave();
  else reply.raw.once('close', leave);
  return controller.signal;
};

const whyOf = ({ sentences }: Parts, { why }: Endpoint): Record<string, string> =>
  Object.fromEntries(
    why.flatMap((topic) => {
      const sentence = sentences[topic];
      return sentence === undefined ? [] : [[topic, sentence]];
    }),
  );

const sendMock = (
  parts: Parts,
  endpoint: Endpoint,
  question: CommonQuestion,
  { reply, started }: Exchange,
  warning: string,
): FastifyReply => {
  const { user_id, tz } = question;
  const now = parts.now === undefined ? new Date() : new Date(parts.now);
  const described: Partial<Meta> = {};
  const body = endpoint.mock(question, now, (more) => Object.assign(described, more));
  const meta: Meta = {
    source: 'mock',
    duration_ms: milliseconds(performance.now() - started),
    user_id,
    watermark: { as_of_day: null, computed_at: null, known_until: null },
    warnings: [warning],
    tz_used: tz ?? 'UTC',
    why: whyOf(parts, endpoint),
    ...described,
  };
  return reply
    .header('x-data-source', 'mock')
    .header('cache-control', 'no-store')
    .send({ source: 'mock', user_id, ...body, meta });
};

/** Which of the relations there are. */
export const readTables = async (reading: Reading): Promise<ReadonlySet<string>> => {
  const rows = await reading.query<{ name: string }>('schema', [relations.join(',')]);
  return new Set(rows.map((row) => row.name));
};

const boundariesOf = (watermark: Watermark): Record<string, unknown> => {
  const { zone, viewer_zone, now_at, known_until, counted_until, today, viewer_today, week_start } =
    watermark;
  return { zone, viewer_zone, now_at, known_until, counted_until, today, viewer_today, week_start };
};

/**
 * Changes with everything that an answer depends on. Names are read from users, and no digest of them is kept: they are
 * good for an hour. Weak: a compressed answer is the same answer.
 */
const etagOf = (parts: readonly unknown[]): string =>
  `W/"${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)}"`;

const matches = (header: string | undefined, etag: string): boolean =>
  (header ?? '').split(',').some((one) => one.trim().replace(/^(W\/)?/, 'W/') === etag);
