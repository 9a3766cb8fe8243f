import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Settings } from '../config.js';
import { usageFailure, workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import type { Body, Meta } from './answer.js';
import { type Authority, openAuthority } from './authority.js';
import { type Context, openPlaces, openShared, type Places, type Shared } from './context.js';
import { answerHealth } from './health.js';
import { mockAnswers } from './mock.js';
import { answerSchema, openApi } from './openapi.js';
import { contentSecurityPolicy, servePage } from './page.js';
import { Problem } from './problem.js';
import { type CommonQuestion, type EndpointName, type Question, questions } from './question.js';
import { answerQuests } from './quests.js';
import { answerRadar } from './radar.js';
import type { ServeSettings } from './settings.js';
import { milliseconds, openStore, type Reading, type Store, type Timing } from './store.js';
import { readViewer, readWatermark, type Watermark } from './viewer.js';
import { answerWeekly } from './weekly.js';

/** A request that was answered. */
export interface RequestReport {
  readonly method: string;
  /** Path without the query, which says who asked. */
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly requestId: string;
  /** Why it failed, in the server's own words; only for 5xx. */
  readonly reason?: string;
}

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly onRequest?: (report: RequestReport) => void;
  /** The moment to answer for, ISO 8601: for tests and demonstrations on old data. */
  readonly now?: string;
}

/** A server that listens. */
export interface RunningServer {
  /** For example http://127.0.0.1:8080. */
  readonly url: string;
  /** Takes no new request, ends those under way and closes the connections. */
  stop(): Promise<void>;
}

/** Relations without which an endpoint has nothing to say. */
const ledger = ['setting', 'processed_day', 'run', 'app_user', 'user_key'];
const needs: Readonly<Record<EndpointName, readonly string[]>> = {
  weekly: [
    ...ledger,
    'pair',
    'pair_day',
    'pair_day_tap',
    'friend',
    'user_streaks',
    'user_week_activity',
    'weekly_leaderboard',
    'tap',
  ],
  quests: [
    ...ledger,
    'pair',
    'pair_day',
    'quest_definitions',
    'user_quest_progress',
    'pair_day_tap',
    'user_cell',
  ],
  radar: [...ledger, 'pair', 'pair_day', 'pair_day_tap', 'user_streaks', 'tap'],
  health: [...ledger, 'pair', 'pair_day', 'edge_strength'],
};
const optional = ['home_location_struct', 'gazetteer_place', 'user_cell', 'user_cell_day', 'surge_windows'];
const known = [...new Set([...Object.values(needs).flat(), ...optional])];

type Answers = {
  readonly [Name in EndpointName]: (context: Context, question: Question<Name>) => Promise<Body<Name>>;
};
const databaseAnswers: Answers = {
  weekly: answerWeekly,
  quests: answerQuests,
  radar: answerRadar,
  health: answerHealth,
};

/**
 * Starts the read API and the Community page. A database that can't be reached yet is no reason not to start: requests
 * are answered with 503 until it can. Throws a usage failure where the address is open to others but nothing proves who
 * asks, and a failure where the port can't be had.
 */
export const startServer = async (
  settings: Settings,
  serve: ServeSettings,
  options: ServerOptions,
): Promise<RunningServer> => {
  const authority = openAuthority(serve);
  if (!authority.isConfigured && !isLoopback(options.host)) {
    throw usageFailure(
      `Anybody who reaches ${options.host} could read anybody's data: set ARC_GAM_JWT_JWKS_URL or ARC_GAM_JWT_SECRET (with ARC_GAM_JWT_ISSUER and ARC_GAM_JWT_AUDIENCE) or ARC_GAM_SERVICE_TOKEN, or listen on 127.0.0.1.`,
    );
  }
  const store = openStore(settings, serve);
  const server = buildServer({
    settings,
    serve,
    store,
    authority,
    options,
    shared: openShared(store.read),
    places: openPlaces(),
  });
  try {
    const url = await server.listen({ host: options.host, port: options.port });
    return {
      url,
      stop: async () => {
        await server.close();
        await store.close();
      },
    };
  } catch (cause) {
    await server.close();
    await store.close();
    throw workFailure(
      `Port ${options.port} of ${options.host} can't be listened on: ${cause instanceof Error ? cause.message : String(cause)}. Give another --port.`,
      { cause },
    );
  }
};

interface Parts {
  readonly settings: Settings;
  readonly serve: ServeSettings;
  readonly store: Store;
  readonly authority: Authority;
  readonly options: ServerOptions;
  readonly shared: Shared;
  readonly places: Places;
}

const buildServer = (parts: Parts): FastifyInstance => {
  const { store, authority, options } = parts;
  const server = Fastify({
    exposeHeadRoutes: false,
    bodyLimit: 1_024,
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 64 },
    frameworkErrors: (_error, _request, reply) => {
      (reply as FastifyReply).code(400).send({ error: 'The address of the request can not be read.' });
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) return;
      const [status, sentence] =
        error.code === 'HPE_HEADER_OVERFLOW'
          ? ['431 Request Header Fields Too Large', 'The address or a header of the request is too long.']
          : ['400 Bad Request', 'The request is not HTTP.'];
      const body = JSON.stringify({ error: sentence });
      socket.end(
        `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  });
  // A question's own schema checks it; what else is sent is ignored.
  server.setValidatorCompiler(() => (value: unknown) => ({ value }));
  server.addHook('onRequest', async (request, reply) => {
    reply
      .header('content-security-policy', contentSecurityPolicy)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('x-frame-options', 'DENY');
    if (request.method !== 'GET') {
      reply.header('allow', 'GET');
      throw new Problem(405, 'Method not allowed');
    }
    // A name that somebody made point to this machine: without a token only its own names are answered.
    if (!authority.isConfigured && !isLoopback(hostOf(request.headers.host))) {
      throw new Problem(403, 'This server answers only under the name localhost, 127.0.0.1 or [::1].');
    }
  });
  server.setErrorHandler((error, request, reply) => {
    const problem = error instanceof Problem ? error : undefined;
    const status = problem?.status ?? (error as { statusCode?: number }).statusCode ?? 500;
    if (status >= 500) reasons.set(request, describe(error));
    reply.code(status).header('cache-control', 'no-store');
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    if (problem?.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter);
    return reply.send({
      error:
        problem?.message ?? (status < 500 ? (error as Error).message : 'The server failed. Try again later.'),
    });
  });
  server.setNotFoundHandler((_request, reply) =>
    reply.code(404).header('cache-control', 'no-store').send({ error: 'There is nothing at this address.' }),
  );
  const reasons = new WeakMap<FastifyRequest, string>();
  server.addHook('onResponse', async (request, reply) => {
    const reason = reasons.get(request);
    options.onRequest?.({
      method: request.method,
      path: request.url.split('?')[0]?.slice(0, 200) ?? '',
      status: reply.statusCode,
      durationMs: milliseconds(reply.elapsedTime),
      requestId: request.id,
      ...(reason === undefined ? {} : { reason }),
    });
  });
  const { version } = JSON.parse(readPackageFile('package.json')) as { version: string };
  const document = openApi(version, authority.isConfigured);
  server.get('/api/openapi.json', () => document);
  server.get('/healthz', (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'ok' }),
  );
  server.get('/readyz', async (_request, reply) => {
    const missing = await store.read(async (reading) => {
      const tables = await readTables(reading);
      return known.filter((name) => !tables.has(name) && !optional.includes(name));
    });
    if (missing.length > 0) {
      throw new Problem(503, `The schema has no ${missing.join(', ')}. Run: arc-gam migrate`);
    }
    return reply.header('cache-control', 'no-store').send({ status: 'ready' });
  });
  for (const name of Object.keys(questions) as EndpointName[]) addEndpoint(server, parts, name);
  servePage(server);
  return server;
};

const addEndpoint = <Name extends EndpointName>(server: FastifyInstance, parts: Parts, name: Name): void => {
  server.get(
    `/api/community/${name}`,
    { schema: { response: { 200: answerSchema(name) } } },
    async (request, reply) => {
      const started = performance.now();
      const question = parseQuestion(name, request.query);
      const { user_id } = question as CommonQuestion;
      await parts.authority.require(request.headers.authorization, user_id);
      return answer(parts, name, question, { request, reply, started });
    },
  );
};

const parseQuestion = <Name extends EndpointName>(name: Name, query: unknown): Question<Name> => {
  const parsed = questions[name].safeParse(query);
  if (parsed.success) return parsed.data as Question<Name>;
  throw new Problem(400, parsed.error.issues[0]?.message ?? 'A parameter is wrong.');
};

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly started: number;
}

const answer = async <Name extends EndpointName>(
  parts: Parts,
  name: Name,
  question: Question<Name>,
  exchange: Exchange,
): Promise<FastifyReply> => {
  const { settings, serve, store, shared, places, options } = parts;
  const { reply, request, started } = exchange;
  const common = question as CommonQuestion;
  if (common.demo === true) {
    return sendMock(name, question, exchange, options, 'This is made-up data: demo=1 asked for it.');
  }
  const timings: Timing[] | undefined = common.debug === true ? [] : undefined;
  const warnings: string[] = [];
  const result = await store.read(async (reading) => {
    let tables = await shared.of('tables', reading, readTables);
    // What was missing a moment ago may have been made since.
    if (tables.size < known.length) tables = await readTables(reading);
    const missing = needs[name].filter((table) => !tables.has(table));
    if (missing.length > 0) return { missing };
    const [watermark, viewer] = await Promise.all([
      readWatermark(reading, settings.zone ?? 'UTC', common.tz, options.now ?? null),
      readViewer(reading, common.user_id),
    ]);
    const etag = etagOf(name, question, watermark);
    if (timings === undefined && matches(request.headers['if-none-match'], etag)) return { etag };
    const warn = (sentence: string) => warnings.push(sentence);
    const context: Context = { reading, watermark, viewer, serve, tables, shared, places, warn };
    if (watermark.as_of_day === null) warn('No day is processed yet. Run: arc-gam etl');
    const body = await databaseAnswers[name](context, question);
    return { etag, watermark, body };
  }, timings);
  if (result.missing !== undefined) {
    const sentence = `The schema has no ${result.missing.join(', ')}. Run: arc-gam migrate`;
    if (!serve.mock) throw new Problem(503, sentence);
    return sendMock(name, question, exchange, options, `This is made-up data. ${sentence}`);
  }
  reply.header('x-data-source', 'database');
  if (timings === undefined) {
    reply.header('cache-control', 'private, max-age=60').header('etag', result.etag);
    reply.header('vary', 'authorization');
  } else reply.header('cache-control', 'no-store');
  const { watermark, body } = result;
  if (watermark === undefined) return reply.code(304).send();
  const meta: Meta = {
    source: 'database',
    duration_ms: milliseconds(performance.now() - started),
    user_id: common.user_id,
    watermark: { as_of_day: watermark.as_of_day, computed_at: watermark.computed_at },
    warnings,
    tz_used: watermark.viewer_zone,
    ...cityFilter(name, question),
    ...(timings === undefined ? {} : { debug: { boundaries: boundariesOf(watermark), queries: timings } }),
  };
  return reply.send({ source: 'database', user_id: common.user_id, ...body, meta });
};

const sendMock = <Name extends EndpointName>(
  name: Name,
  question: Question<Name>,
  { reply, started }: Exchange,
  options: ServerOptions,
  warning: string,
): FastifyReply => {
  const { user_id, tz } = question as CommonQuestion;
  const now = options.now === undefined ? new Date() : new Date(options.now);
  const meta: Meta = {
    source: 'mock',
    duration_ms: milliseconds(performance.now() - started),
    user_id,
    watermark: { as_of_day: null, computed_at: null },
    warnings: [warning],
    tz_used: tz ?? 'UTC',
    ...cityFilter(name, question),
  };
  const body = mockAnswers[name](question, now);
  return reply
    .header('x-data-source', 'mock')
    .header('cache-control', 'no-store')
    .send({ source: 'mock', user_id, ...body, meta });
};

const cityFilter = (name: EndpointName, question: unknown): { city_filter?: string | null } =>
  name === 'radar' ? { city_filter: (question as Question<'radar'>).city ?? null } : {};

const readTables = async (reading: Reading): Promise<ReadonlySet<string>> => {
  const rows = await reading.query<{ name: string }>('schema', [known.join(',')]);
  return new Set(rows.map((row) => row.name));
};

const boundariesOf = (watermark: Watermark): Record<string, unknown> => {
  const { zone, viewer_zone, now_at, known_until, today, viewer_today, week_start, viewer_week_start } =
    watermark;
  return { zone, viewer_zone, now_at, known_until, today, viewer_today, week_start, viewer_week_start };
};

/**
 * Changes with the question, with every committed batch and with the viewer's day; with the hour because names are read
 * from users, and with the minute where the source is read live.
 */
const etagOf = (name: EndpointName, question: unknown, watermark: Watermark): string => {
  const clock = watermark.now_at.slice(0, name === 'radar' ? 16 : 13);
  const text = JSON.stringify([name, question, watermark.revision, watermark.viewer_today, clock]);
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
};

const matches = (header: string | undefined, etag: string): boolean =>
  (header ?? '').split(',').some((one) => one.trim().replace(/^W\//, '') === etag);

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

const hostOf = (header: string | undefined): string =>
  (header ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();

const describe = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return error instanceof Error ? `${error.message}${cause}` : String(error);
};
