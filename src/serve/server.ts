import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Settings } from '../config.js';
import { usageFailure, workFailure } from '../errors.js';
import { packageVersion } from '../files.js';
import { readSentences } from '../why/rule.js';
import { answer, type Parts, parseQuestion, read, readTables, relations, withoutTables } from './answer.js';
import { openAuthority } from './authority.js';
import type { Endpoint } from './endpoint.js';
import { endpoints } from './endpoints/index.js';
import { weekly } from './endpoints/weekly.js';
import { isLoopback, openHttp, type RequestReport } from './http.js';
import { indexPage } from './index-page.js';
import { openApi, serializerSchema } from './openapi.js';
import { servePage } from './page.js';
import { openShares } from './queue.js';
import { openCache, openPlaces } from './reading/context.js';
import { openStore } from './reading/store.js';
import { openUsers } from './reading/users.js';
import type { ServeSettings } from './settings.js';

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
    now: options.now,
    cache: openCache(store.read),
    places: openPlaces(),
    users: openUsers(),
    shares: openShares(serve.requestsPerUser),
    sentences: await readSentences({ atLeast: serve.recommendation.minMutuals }),
    version: packageVersion(),
  };
  const server = await openHttp(serve, authority, options.onRequest);
  addRoutes(server, parts);
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

const addRoutes = (server: FastifyInstance, parts: Parts): void => {
  const { store, authority, version } = parts;
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
};

/** A readiness probe must be answered soon. */
const readinessMs = 1_500;

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
