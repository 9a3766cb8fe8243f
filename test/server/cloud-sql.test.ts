import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSettings } from '../../src/config.js';
import { withDatabase, withPooled } from '../../src/db/database.js';
import { isTransient } from '../../src/db/failure.js';
import { withTransaction } from '../../src/db/transaction.js';
import { type EmbeddedServer, startEmbedded } from '../../src/demo/embedded.js';
import { runCli } from '../command/cli.js';
import { freePort } from './port.js';
import { openProxy } from './proxy.js';

/** A server of its own that speaks TLS, with a certificate for 127.0.0.1, and a metadata server's stand-in. */
let server: EmbeddedServer;
let folder: string;
let metadata: Server;
let metadataHost: string;
let asked = 0;
const token = 'ya29.a-token-that-nobody-may-see';

const openssl = (...args: string[]) => {
  const result = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(result.stderr);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'arc-gam-tls-'));
  for (const name of ['server', 'other']) {
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-subj',
      '/CN=project:instance',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    );
  }
  const started = await startEmbedded({ settings: { fsync: 'off' } });
  server = started;
  const owner = statSync(join(started.directory, 'data'));
  const client = new pg.Client({ connectionString: started.url });
  await client.connect();
  for (const name of ['server.key', 'server.crt']) chownSync(join(folder, name), owner.uid, owner.gid);
  chownSync(folder, owner.uid, owner.gid);
  await client.query(`alter system set ssl_cert_file = '${join(folder, 'server.crt')}'`);
  await client.query(`alter system set ssl_key_file = '${join(folder, 'server.key')}'`);
  await client.query('alter system set ssl = on');
  await client.query('select pg_reload_conf()');
  await client.query(`create role "job@project.iam" superuser login password '${token}'`);
  await client.query('create table users (id uuid primary key, name text, home text)');
  await client.query('create table taps (id uuid primary key, id1 uuid, id2 uuid, time timestamptz)');
  await client.end();
  metadata = createServer((request, response) => {
    asked += 1;
    const right =
      request.headers['metadata-flavor'] === 'Google' &&
      request.url === '/computeMetadata/v1/instance/service-accounts/default/token';
    response.writeHead(right ? 200 : 403, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ access_token: token, expires_in: 3599, token_type: 'Bearer' }));
  }).listen(0, '127.0.0.1');
  await once(metadata, 'listening');
  metadataHost = `127.0.0.1:${(metadata.address() as AddressInfo).port}`;
});

afterAll(async () => {
  metadata.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

const url = (query = '') => `${server.url.split('?')[0]}${query}`;
const iam = (environment: NodeJS.ProcessEnv = {}, flags = ['--iam']) =>
  runCli(['migrate', ...flags], {
    DB_USER: 'job@project.iam.gserviceaccount.com',
    DB_HOST: '127.0.0.1',
    DB_PORT: new URL(server.url).port,
    DB_NAME: 'postgres',
    GCE_METADATA_HOST: metadataHost,
    ...environment,
  });

describe('IAM authentication', () => {
  test('the token of the metadata server is the password, over TLS, for every connection', async () => {
    asked = 0;
    const migrated = await iam();
    expect(migrated, migrated.stderr).toMatchObject({ code: 0 });
    expect(asked).toBeGreaterThan(1);
    const run = await runCli(['etl', '--date', '2026-01-01'], {
      DATABASE_URL: `postgres://job%40project.iam@127.0.0.1:${new URL(server.url).port}/postgres`,
      DB_IAM: 'true',
      GCE_METADATA_HOST: metadataHost,
    });
    expect(run, run.stderr).toMatchObject({ code: 0 });
  });

  test('a token never travels in the clear', async () => {
    expect(await iam({ PGSSLMODE: 'disable' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('must not cross the network in the clear'),
    });
    expect(readSettings({ iam: true, databaseUrl: 'postgres://job@db.example/x' }, {}).target).toMatchObject({
      tls: 'require',
      password: undefined,
      iamMetadataHost: 'metadata.google.internal',
    });
  });

  test.each([
    ['no metadata server', '127.0.0.1:1', "can't be reached"],
    ['a server that is none', null, 'sent no access_token'],
  ])('%s: exit 5 and what to do', async (_what, host, words) => {
    const empty = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1');
    await once(empty, 'listening');
    const other = `127.0.0.1:${(empty.address() as AddressInfo).port}`;
    const result = await iam({ GCE_METADATA_HOST: host ?? other });
    empty.close();
    expect(result).toMatchObject({ code: 5, stderr: expect.stringContaining(words) });
    expect(result.stderr).not.toContain(token);
  });
});

test('a token that a connection of the pool does not get: the words of the token, and it may be given later', async () => {
  // The first connection is not one of the pool.
  let left = 1;
  const hiccup = createServer((_request, response) => {
    response.statusCode = left > 0 ? 200 : 503;
    left -= 1;
    response.end(JSON.stringify({ access_token: token }));
  }).listen(0, '127.0.0.1');
  await once(hiccup, 'listening');
  const settings = readSettings(
    { iam: true, databaseUrl: `postgres://job%40project.iam@127.0.0.1:${new URL(server.url).port}/postgres` },
    { GCE_METADATA_HOST: `127.0.0.1:${(hiccup.address() as AddressInfo).port}` },
  );
  try {
    await withDatabase(settings, 'test', undefined, async (database) => {
      for (const attempt of [
        () => withPooled(database, async () => undefined),
        () => withTransaction(database, settings, async () => undefined),
      ]) {
        const error: unknown = await attempt().catch((reason: unknown) => reason);
        expect(String(error)).toMatch(/^Failure: No token for IAM authentication/);
        expect(isTransient(error)).toBe(true);
      }
    });
  } finally {
    hiccup.close();
  }
});

describe('TLS modes', () => {
  const status = (query: string, environment: NodeJS.ProcessEnv = {}) =>
    runCli(['migrate', 'status'], { DATABASE_URL: url(query), ...environment });
  const authority = () => encodeURIComponent(join(folder, 'server.crt'));
  const stranger = () => encodeURIComponent(join(folder, 'other.crt'));

  test.each(['disable', 'prefer', 'require'])('%s connects', async (mode) => {
    expect(await status(`?sslmode=${mode}`)).toMatchObject({ code: 0 });
  });

  test('with an authority, verify-ca, verify-full and require check it', async () => {
    expect(await status(`?sslmode=verify-ca&sslrootcert=${authority()}`)).toMatchObject({ code: 0 });
    expect(await status(`?sslmode=verify-full&sslrootcert=${authority()}`)).toMatchObject({ code: 0 });
    for (const mode of ['require', 'verify-ca', 'verify-full']) {
      const result = await status(`?sslmode=${mode}&sslrootcert=${stranger()}`);
      expect(result, mode).toMatchObject({ code: 2, stderr: expect.stringContaining('certificate') });
    }
  });

  test('verify-full looks at the name, the pool as well', async () => {
    const other = (query: string) => url(query).replace('127.0.0.1', 'localhost');
    const flags = `sslrootcert=${authority()}`;
    expect(
      await runCli(['etl', '--date', '2026-01-01'], { DATABASE_URL: url(`?sslmode=verify-full&${flags}`) }),
    ).toMatchObject({ code: 0 });
    expect(
      await runCli(['migrate', 'status'], { DATABASE_URL: other(`?sslmode=verify-full&${flags}`) }),
    ).toMatchObject({ code: 2 });
    expect(
      await runCli(['migrate', 'status'], { DATABASE_URL: other(`?sslmode=verify-ca&${flags}`) }),
    ).toMatchObject({ code: 0 });
  });

  test('a file that is not there is named', async () => {
    expect(await status('?sslmode=verify-ca&sslrootcert=/nowhere.pem')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('/nowhere.pem'),
    });
  });
});

test('ARC_GAM_DATABASE_WAIT_SECONDS: a server that comes late is waited for', async () => {
  const port = await freePort();
  const late = new URL(server.url);
  late.port = String(port);
  const run = runCli(['migrate', 'status'], { DATABASE_URL: late.href, ARC_GAM_DATABASE_WAIT_SECONDS: '30' });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const gate = await openProxy(server.url, { port });
  expect(await run).toMatchObject({ code: 0 });
  gate.close();
  expect(await runCli(['migrate', 'status'], { DATABASE_URL: late.href })).toMatchObject({ code: 5 });
});
