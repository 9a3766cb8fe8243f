import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../src/config.js';
import { connectionFailure, isTransient } from '../../src/db/failure.js';
import { databaseTarget } from '../../src/target.js';
import { runCli, runProcess } from '../command/cli.js';
import { createDatabase, type TestDatabase } from './database.js';
import { openProxy } from './proxy.js';

let database: TestDatabase;
const password = 'p@ss w:rd/%';
const role = `arc_gam_connect_${process.pid}`;
beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`create role ${role} login password '${password}'`);
});
afterAll(async () => {
  await database.client.query(`drop owned by ${role}; drop role ${role}`);
  await database.drop();
});

/** The test database's address with parts replaced. */
const address = (
  parts: Partial<Record<'hostname' | 'port' | 'pathname' | 'username' | 'password', string>>,
) => Object.assign(new URL(database.url), parts).href;

const fails = async (url: string, exitCode: number, message: RegExp, environment = {}) => {
  const result = await runCli(['migrate', 'status', '--debug'], { DATABASE_URL: url, ...environment });
  expect(result.stderr).toMatch(message);
  expect(result.code).toBe(exitCode);
  const secret = url === '' ? '' : decodeURIComponent(new URL(url).password);
  if (secret.length > 3) expect(result.stderr + result.stdout).not.toContain(secret);
  return result;
};

test('nothing configured: the choices, and the demo', async () => {
  const result = await runCli(['etl']);
  expect(result.code).toBe(2);
  for (const word of [
    '--database-url',
    'DATABASE_URL',
    'INSTANCE_CONNECTION_NAME',
    'PGHOST',
    '.env',
    'arc-gam demo',
  ])
    expect(result.stderr).toContain(word);
  expect(result.stdout).toBe('');
});

test('a URL that is none does not repeat what was given', async () => {
  const result = await runCli(['etl', '--database-url', 'mysql://me:hunter22@host/db']);
  expect(result.code).toBe(2);
  expect(result.stderr).toContain('does not begin with postgres://');
  expect(result.stderr).not.toContain('hunter22');
});

test.each([
  'S3c@r3t#Pw',
  'S3c#r3t',
  'S3/cr3t',
  'S3/c@r3t',
  '53?cr3t',
])('a password that is not percent-encoded: no piece of it is shown', async (unescaped) => {
  const result = await runCli(['etl', '--database-url', `postgres://me:${unescaped}@127.0.0.1:1/db`]);
  expect(result.code).toBe(2);
  expect(result.stderr).toContain('percent-encoded');
  expect(result.stderr).not.toMatch(/S3|53|c?[rR]3t|Pw/);
});

test('a refused password', async ({ skip }) => {
  const [{ auth } = { auth: '' }] = await database.rows<{ auth: string }>(
    "select string_agg(distinct auth_method, ',') as auth from pg_hba_file_rules where type in ('host', 'hostnossl')",
  );
  if (auth.includes('trust')) skip('this server trusts everybody');
  await fails(
    address({ username: role, password: 'wrong-password-1' }),
    2,
    new RegExp(`The password of '${role}' was refused`),
  );
  await fails(address({ username: role, password: '' }), 2, /asks for the password of .* and none was given/);
});

test('no such database', async () => {
  await fails(
    address({ pathname: '/no_such_database' }),
    2,
    /There is no database 'no_such_database' at .*Create it/,
  );
});

test('a server that has no connection left is waited for', async () => {
  await database.client.query(`alter role ${role} connection limit 0`);
  const url = address({ username: role, password: encodeURIComponent(password) });
  await fails(url, 5, /has no connection left/);
  const waiting = database.cli(['status'], { DATABASE_URL: url, ARC_GAM_DATABASE_WAIT_SECONDS: '20' });
  await sleep(1_500);
  await database.client.query(`alter role ${role} connection limit -1`);
  expect((await waiting).stderr).not.toContain('no connection left');
});

test('a host that is down', async () => {
  await fails(
    'postgres://me:secret-9@127.0.0.1:1/db',
    5,
    /127\.0\.0\.1:1\/db can't be reached: connection refused/,
  );
});

test('a host that nobody knows', async () => {
  await fails('postgres://me:secret-9@db.invalid:5432/db', 5, /The host 'db\.invalid' is not known/);
});

test('what is told as an outage is waited for, and nothing else', () => {
  const { target } = readSettings({ databaseUrl: database.url }, {});
  const told = (code: string, message = code) => {
    const failure = connectionFailure(Object.assign(new Error(message), { code }), target);
    return [code, failure.exitCode, isTransient(failure)];
  };
  for (const code of [
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ECONNRESET',
    '57P03',
    '53300',
  ])
    expect(told(code)).toEqual([code, 5, true]);
  // The driver's own words for a host that drops packets.
  expect(told('', 'timeout expired')).toEqual(['', 5, true]);
  for (const code of ['28P01', '28000', '3D000', '42501', 'EACCES'])
    expect(told(code)).toEqual([code, 2, false]);
});

test('a host that accepts and says nothing is given up within 10 s', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { port: number };
  try {
    await fails(`postgres://me:secret-9@127.0.0.1:${port}/db`, 5, /did not answer within 8 s/);
    await fails(
      `postgres://me:secret-9@127.0.0.1:${port}/db?connect_timeout=1`,
      5,
      /did not answer within 1 s/,
    );
  } finally {
    silent.close();
  }
});

test.each([
  ['ARC_GAM_DATABASE_WAIT_SECONDS', '60s'],
  ['ARC_GAM_DATABASE_WAIT_SECONDS', '2147484'],
  ['PGCONNECT_TIMEOUT', '8000ms'],
  ['PGCONNECT_TIMEOUT', '2147484'],
])('%s=%s is a usage error, as nobody would know what is meant', async (name, value) => {
  const { code, stderr } = await runCli(['status'], {
    DATABASE_URL: database.url,
    [name]: value,
  });
  expect(code).toBe(2);
  expect(stderr).toContain(`is '${value}', expected whole seconds from 0 to 604800.`);
  expect(stderr).toContain(name);
});

test('connect_timeout=0 waits without end, as in libpq', () => {
  expect(databaseTarget('postgres://h/d?connect_timeout=0', {}).connectTimeoutMs).toBe(0);
  expect(databaseTarget('postgres://h/d', {}).connectTimeoutMs).toBe(8_000);
  expect(() => databaseTarget('postgres://h/d?connect_timeout=-1', {})).toThrow("is '-1', expected");
});

test('TLS that the server does not offer', async ({ skip }) => {
  const [{ ssl } = { ssl: '' }] = await database.rows<{ ssl: string }>('show ssl');
  if (ssl === 'on') skip('this server offers TLS');
  const url = new URL(database.url);
  url.searchParams.set('sslmode', 'require');
  await fails(url.href, 2, /sslmode=require was asked for, but the server .* does not offer TLS/);
});

test('a privilege that is missing', async () => {
  const result = await runCli(['etl'], {
    DATABASE_URL: address({ username: role, password: encodeURIComponent(password) }),
  });
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(/The database refused it: permission denied for schema gamification\./);
  expect(result.stderr).not.toContain(password);
});

test('a connection that dies before its first answer, as a pooler lets in without its server, is waited for', async () => {
  let dead = 0;
  const proxy = await openProxy(database.url, {
    hears: (words, { cut }) => {
      if (dead === 2 || !words.includes('server_version_num')) return;
      dead += 1;
      cut();
    },
  });
  try {
    const waiting = (seconds: number) =>
      runCli(['migrate', 'status'], {
        DATABASE_URL: proxy.url,
        ARC_GAM_DATABASE_WAIT_SECONDS: String(seconds),
      });
    expect(await waiting(0)).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/^Error: The database at .* can't be reached: /m),
    });
    expect(await waiting(30)).toMatchObject({ code: 0 });
    expect(dead).toBe(2);
  } finally {
    proxy.close();
  }
});

test('a first statement that the server refuses: its sentence, and no connection that keeps the command from ending', async () => {
  const may = (how: string) => database.client.query(`${how} public`);
  await may('revoke execute on function pg_catalog.current_setting(text) from');
  try {
    const result = await runCli(['status'], {
      DATABASE_URL: address({ username: role, password: encodeURIComponent(password) }),
    });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('permission denied for function current_setting');
  } finally {
    await may('grant execute on function pg_catalog.current_setting(text) to');
  }
});

test('DB_* variables, PG* variables and the flag all lead there', async () => {
  const url = new URL(database.url);
  const name = url.pathname.slice(1);
  const reached = { code: 0, stdout: expect.stringContaining('applied') };
  expect(
    await runCli(['migrate', 'status'], {
      DB_USER: url.username,
      DB_PASS: decodeURIComponent(url.password),
      DB_NAME: name,
      DB_HOST: url.hostname,
      DB_PORT: url.port,
    }),
  ).toMatchObject(reached);
  expect(
    await runCli(['migrate', 'status'], {
      PGUSER: url.username,
      PGPASSWORD: decodeURIComponent(url.password),
      PGDATABASE: name,
      PGHOST: url.hostname,
      PGPORT: url.port,
    }),
  ).toMatchObject(reached);
  // The flag wins over the environment.
  expect(
    await runCli(['migrate', 'status', '--database-url', database.url], {
      DATABASE_URL: 'postgres://127.0.0.1:1/no',
    }),
  ).toMatchObject(reached);
  const socket = await runCli(['migrate', 'status'], {
    DB_USER: 'me',
    DB_NAME: 'db',
    INSTANCE_CONNECTION_NAME: 'project:region:instance',
  });
  expect(socket.code).toBe(5);
  expect(socket.stderr).toContain('/cloudsql/project:region:instance');
  const incomplete = await runCli(['migrate', 'status'], { DB_USER: 'me' });
  expect(incomplete.code).toBe(2);
  expect(incomplete.stderr).toContain('DB_NAME, INSTANCE_CONNECTION_NAME or DB_HOST is not set');
});

test('.env is read, the environment wins, a quoted password is understood', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'arc-gam-env-'));
  try {
    writeFileSync(
      join(folder, '.env'),
      `DATABASE_URL="${address({ username: role, password: encodeURIComponent(password) })}"\nARC_GAM_SCHEMA=elsewhere\n`,
    );
    const fromFile = await runProcess(['etl'], {}, folder);
    expect(fromFile.code).toBe(1);
    expect(fromFile.stderr).toContain("The schema 'elsewhere' has not been set up");
    const overridden = await runProcess(
      ['migrate', 'status'],
      { DATABASE_URL: database.url, ARC_GAM_SCHEMA: 'gamification' },
      folder,
    );
    expect(overridden).toMatchObject({ code: 0, stdout: expect.stringContaining('applied') });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('where the environment names a database, that of .env is left aside', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'arc-gam-env-'));
  const url = new URL(database.url);
  const password = decodeURIComponent(url.password);
  const name = url.pathname.slice(1);
  const status = async (environment: Record<string, string>) =>
    (await runProcess(['migrate', 'status'], environment, folder)).stderr;
  try {
    writeFileSync(
      join(folder, '.env'),
      'DATABASE_URL=postgres://me@127.0.0.1:1/of_the_file\nDB_HOST=127.0.0.2',
    );
    // A user, a password, a port or an sslmode names none.
    expect(await status({ PGUSER: 'a', PGPASSWORD: 'b', PGPORT: '1', PGSSLMODE: 'disable' })).toContain(
      'of_the_file',
    );
    const parts = { DB_USER: url.username, DB_PASS: password, DB_NAME: name, DB_PORT: url.port };
    expect(await status({ ...parts, DB_HOST: url.hostname })).toBe('');
    expect(await status({ ...parts, INSTANCE_CONNECTION_NAME: 'a:b:c' })).toContain('/cloudsql/a:b:c');
    expect(await status({ INSTANCE_CONNECTION_NAME: 'a:b:c' })).toContain('DB_USER, DB_NAME is not set');
    const libpq = { PGHOST: url.hostname, PGPORT: url.port, PGUSER: url.username, PGPASSWORD: password };
    expect(await status({ ...libpq, PGDATABASE: name })).toBe('');
    // Variable by variable where both name it in the same way.
    const { PGDATABASE, ...others } = { ...libpq, PGDATABASE: name };
    const lines = Object.entries({ ...others, PGDATABASE: 'of_the_file', DB_NAME: 'of_the_file' });
    writeFileSync(join(folder, '.env'), lines.map(([key, value]) => `${key}='${value}'\n`).join(''));
    expect(await status({ PGDATABASE })).toBe('');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a .env that can not be read is a sentence, and help is given all the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'arc-gam-env-'));
  try {
    mkdirSync(join(folder, '.env'));
    const { code, stderr } = await runProcess(['status'], { DATABASE_URL: database.url }, folder);
    expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(stderr).toContain("The file .env of the working folder can't be read (it is a folder).");
    const { stdout } = await runProcess(['status', '--json'], {}, folder);
    expect(JSON.parse(stdout)).toMatchObject({ event: 'failed', exitCode: 2 });
    expect((await runProcess(['status', '--help'], {}, folder)).code).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  [['etl', '--date', '2026-02-30'], /Expected a calendar day/],
  [['backfill', '--from', '2026-01-02', '--to', '2026-01-01'], /--from 2026-01-02 is after --to 2026-01-01/],
  [['backfill', '--batch-days', '0'], /Expected a whole number from 1/],
  [['migrate', 'sideways'], /expected one of up, down, status/],
  [['etl', '--schema', 'a"b'], /^Error: --schema is 'a"b', which is not a plain schema name/],
  [['etl', '--schema', 'information_schema'], /one of Postgres' own/],
  [['frobnicate'], /unknown command/],
] as const)('%j is a usage error', async (args, message) => {
  const result = await runCli(args, { DATABASE_URL: database.url });
  expect(result.stderr).toMatch(message);
  expect(result.code).toBe(2);
});
