import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import cors from '@fastify/cors';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Settings } from '../config.js';
import { usageFailure, workFailure } from '../errors.js';
import { packageVersion } from '../files.js';
import { readSentences } from '../why/rule.js';
import { type Authority, openAuthority } from './authority.js';
import { type Cache, type Context, type Lifetime, openCache, openPlaces, type Places } from './context.js';
import type { Endpoint } from './endpoint.js';
import { endpoints } from './endpoints/index.js';
import { weekly } from './endpoints/weekly.js';
import { indexPage } from './index-page.js';
import { openApi, serializerSchema } from './openapi.js';
import { packAnswer } from './pack.js';
import { contentSecurityPolicy, servePage } from './page.js';
import { Problem } from './problem.js';
import type { CommonQuestion } from './question.js';
import { openShares, type Shares } from './queue.js';
import type { ServeSettings } from './settings.js';
import type { Meta } from './shape.js';
import { milliseconds, openStore, type Reading, type Store, type Timing } from './store.js';
import { openUsers, type Users } from './users.js';
import { readOptOuts, readViewer, type Watermark } from './viewer.js';

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
  /** Takes no new request, lets those under way end within 2 s, cuts off the others and closes the connections. */
  stop(): Promise<void>;
}

/** Relations that every endpoint reads. */
const ledger = ['setting', 'processed_day', 'frozen_day', 'run', 'app_user', 'user_key', 'home_place'];
const relations = [...new Set([...ledger, ...endpoints.flatMap((endpoint) => endpoint.relations)])];

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
  const parts: Parts = {
    settings,
    serve,
    store,
    authority,
    options,
    cache: openCache(store.read),
    places: openPlaces(),
    users: openUsers(),
    shares: openShares(serve.requestsPerUser),
    sentences: await readSentences({ atLeast: serve.recommendation.minMutuals }),
    version: packageVersion(),
  };
  const server = await buildServer(parts);
  // What fails is told to whoever asks, and tried again for them.
  await Promise.race([warm(parts).catch(() => undefined), sleep(warmMs, undefined, { ref: false })]);
  try {
    const url = await server.listen({ host: options.host, port: options.port });
    return {
      url,
      stop: async () => {
        // Who is still at work then, or never reads the answer, would hold everything up.
        const impatience = setTimeout(() => server.server.closeAllConnections(), patienceMs);
        await server.close();
        clearTimeout(impatience);
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

/** Milliseconds for which a server that begins waits for its first answers at most. */
const warmMs = 2_000;

/**
 * Answers for somebody of each of the larger cities, and throws the answers away: those who come first would wait for
 * connections, plans and the boards of their cities, all at once.
 */
const warm = async (parts: Parts): Promise<void> => {
  const { store, serve } = parts;
  const users = await store.read((reading) =>
    reading.query<{ user_id: string }>('warm', [2 * serve.poolSize]),
  );
  await Promise.all(
    users.map(({ user_id }) => {
      const question = parseQuestion(weekly, { user_id });
      return store.read((reading) => read(parts, weekly, question, undefined, reading));
    }),
  );
};

/** Milliseconds that requests under way have when the server is to end. */
const patienceMs = 2_000;

interface Parts {
  readonly settings: Settings;
  readonly serve: ServeSettings;
  readonly store: Store;
  readonly authority: Authority;
  readonly options: ServerOptions;
  readonly cache: Cache;
  readonly places: Places;
  readonly users: Users;
  readonly shares: Shares;
  /** How things are counted, by topic. */
  readonly sentences: Readonly<Record<string, string>>;
  /** Of the package. */
  readonly version: string;
}

const buildServer = async (parts: Parts): Promise<FastifyInstance> => {
  const { store, authority, options, serve, version } = parts;
  const server = Fastify({
    exposeHeadRoutes: false,
    bodyLimit: 1_024,
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 64 },
    frameworkErrors: (_error, _request, reply) => {
      (reply as FastifyReply)
        .code(400)
        .send({ error: 'The address of the request can not be read.', code: 'bad_address' });
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) return;
      const [status, code, sentence] =
        error.code === 'HPE_HEADER_OVERFLOW'
          ? [
              '431 Request Header Fields Too Large',
              'too_long',
              'The address or a header of the request is too long.',
            ]
          : ['400 Bad Request', 'not_http', 'The request is not HTTP.'];
      const body = JSON.stringify({ error: sentence, code });
      socket.end(
        `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  });
  if (serve.origins.length > 0) {
    await server.register(cors, {
      origin: [...serve.origins],
      methods: ['GET'],
      allowedHeaders: ['authorization', 'if-none-match'],
      exposedHeaders: ['etag', 'retry-after', 'x-data-source'],
      maxAge: 600,
    });
  }
  server.addHook('onSend', packAnswer);
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
      throw new Problem(405, 'method_not_allowed', 'Method not allowed');
    }
    // Somebody may have made another name point to this machine (DNS rebinding), so without a token only its own names
    // count.
    if (!authority.isConfigured && !isLoopback(hostOf(request.headers.host))) {
      throw new Problem(
        403,
        'other_host',
        'This server answers only under the name localhost, 127.0.0.1 or [::1].',
      );
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
      code: problem?.code ?? (status < 500 ? 'bad_request' : 'failed'),
    });
  });
  server.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .header('cache-control', 'no-store')
      .send({ error: 'There is nothing at this address.', code: 'not_found' }),
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
  const document = openApi(version, authority.isConfigured);
  server.get('/api/openapi.json', () => document);
  const index = indexPage(document);
  server.get('/api', (_request, reply) => reply.redirect('/api/', 308));
  server.get('/api/', (_request, reply) =>
    reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(index),
  );
  server.get('/healthz', (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'ok' }),
  );
  server.get('/readyz', async (_request, reply) => {
    const missing = await store.read(
      async (reading) => {
        const tables = await readTables(reading);
        return relations.filter((name) => !tables.has(name));
      },
      { deadlineMs: readinessMs },
    );
    if (missing.length > 0) throw withoutTables(missing);
    return reply.header('cache-control', 'no-store').send({ status: 'ready' });
  });
  for (const endpoint of endpoints) addEndpoint(server, parts, endpoint);
  servePage(server);
  return server;
};

/** A readiness probe must be answered soon. */
const readinessMs = 1_500;

const withoutTables = (missing: readonly string[]): Problem =>
  new Problem(503, 'no_tables', `The schema has no ${missing.join(', ')}. Run: arc-gam migrate`);

const addEndpoint = (server: FastifyInstance, parts: Parts, endpoint: Endpoint): void => {
  server.get(
    `/api/community/${endpoint.name}`,
    { schema: { response: { 200: serializerSchema(endpoint) } } },
    async (request, reply) => {
      const started = performance.now();
      const question = parseQuestion(endpoint, request.query);
      await parts.authority.require(request.headers.authorization, question.user_id);
      return parts.shares.run(question.user_id, () =>
        answer(parts, endpoint, question, { request, reply, started }),
      );
    },
  );
};

const parseQuestion = ({ question }: Endpoint, query: unknown): CommonQuestion => {
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

const answer = async (
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

const read = async (
  { settings, serve, cache, places, users, options, version }: Parts,
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
      now: options.now ?? null,
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
  reply.raw.once('close', () => {
    if (!reply.raw.writableEnded) controller.abort();
  });
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
  const { options } = parts;
  const now = options.now === undefined ? new Date() : new Date(options.now);
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

const readTables = async (reading: Reading): Promise<ReadonlySet<string>> => {
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
