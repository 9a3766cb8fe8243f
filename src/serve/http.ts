import { isIP } from 'node:net';
import cors from '@fastify/cors';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Authority } from './authority.js';
import { packAnswer } from './pack.js';
import { contentSecurityPolicy } from './page.js';
import { Problem } from './problem.js';
import { hungUp } from './queue.js';
import { milliseconds } from './reading/store.js';
import type { ServeSettings } from './settings.js';

/** A request that was answered, or whose caller hung up before (499). */
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

const protective = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
};

const notAllowed = (): Problem => new Problem(405, 'method_not_allowed', 'Method not allowed');

/**
 * A server without routes: what it takes for a request, which names it answers under, and how it says that something is
 * wrong. `onRequest` is told of each request once it is over.
 */
export const openHttp = async (
  { origins }: Pick<ServeSettings, 'origins'>,
  authority: Authority,
  onRequest: ((report: RequestReport) => void) | undefined,
): Promise<FastifyInstance> => {
  const server = Fastify({
    exposeHeadRoutes: false,
    bodyLimit: 1_024,
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 64 },
    frameworkErrors: (_error, request, reply) => {
      // No hook sees such a request.
      const { origin } = request.headers;
      if (origin !== undefined && origins.includes(origin))
        reply.headers({ 'access-control-allow-origin': origin, vary: 'Origin' });
      (reply as FastifyReply)
        .code(400)
        .headers({ ...protective, 'cache-control': 'no-store' })
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
  const reasons = new WeakMap<FastifyRequest, string>();
  // Before the first route, which is that of preflights: a route keeps the handler that it finds.
  server.setErrorHandler((error, request, reply) => {
    const problem = error instanceof Problem ? error : undefined;
    const status = problem?.status ?? (error as { statusCode?: number }).statusCode ?? 500;
    if (status >= 500) reasons.set(request, describe(error));
    reply.code(status).header('cache-control', 'no-store');
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    if (status === 405) reply.header('allow', 'GET');
    if (problem?.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter);
    return reply.send({
      error:
        problem?.message ?? (status < 500 ? (error as Error).message : 'The server failed. Try again later.'),
      code: problem?.code ?? (status < 500 ? 'bad_request' : 'failed'),
    });
  });
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(protective);
    reply.raw.once('close', () => {
      // Nobody is there to be answered.
      if (!reply.raw.writableFinished) report(request, reply, hungUp().status);
    });
  });
  if (origins.length > 0) {
    // What asks for no permission is no preflight, and is refused like any other method.
    server.addHook('onRequest', async ({ method, headers }) => {
      if (method === 'OPTIONS' && !(headers.origin && headers['access-control-request-method']))
        throw notAllowed();
    });
    await server.register(cors, {
      origin: [...origins],
      methods: ['GET'],
      allowedHeaders: ['authorization', 'if-none-match'],
      exposedHeaders: ['etag', 'retry-after', 'x-data-source'],
      maxAge: 600,
    });
  }
  server.addHook('onSend', packAnswer);
  // A question's own schema checks it; what else is sent is ignored.
  server.setValidatorCompiler(() => (value: unknown) => ({ value }));
  server.addHook('onRequest', async (request) => {
    if (request.method !== 'GET') throw notAllowed();
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
  server.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .header('cache-control', 'no-store')
      .send({ error: 'There is nothing at this address.', code: 'not_found' }),
  );
  const report = (request: FastifyRequest, reply: FastifyReply, status: number): void => {
    const reason = reasons.get(request);
    onRequest?.({
      method: request.method,
      path: request.url.split('?')[0]?.slice(0, 200) ?? '',
      status,
      durationMs: milliseconds(reply.elapsedTime),
      requestId: request.id,
      ...(reason === undefined || status < 500 ? {} : { reason }),
    });
  };
  server.addHook('onResponse', async (request, reply) => report(request, reply, reply.statusCode));
  return server;
};

/** Whether a host is this machine itself. */
export const isLoopback = (host: string): boolean =>
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
