import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { extname, sep } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { packagePath, readPackageFile } from '../files.js';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing but what this server serves; no inline script or style; no frame around it. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Serves the files of page/ and its folders: read once, a route each, so that no path of a request ever reaches the
 * disk. Not @fastify/static: it reads the disk for each request, and its ETag is a file's size and time, which a
 * package gives all of its versions alike.
 */
export const servePage = (server: FastifyInstance): void => {
  for (const name of readdirSync(packagePath('page'), { recursive: true, encoding: 'utf8' }).sort()) {
    const type = types[extname(name)];
    const path = name.split(sep).join('/');
    if (type === undefined) continue;
    const body = readPackageFile(`page/${path}`);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    server.get(name === 'index.html' ? '/' : `/${path}`, (request, reply) => {
      reply.header('cache-control', 'no-cache').header('etag', etag);
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.type(type).send(body);
    });
  }
};
