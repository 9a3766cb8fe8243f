import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withoutPasswords } from '../../src/report/redact.js';
import { addTap, addUsers, createDatabase, type TestDatabase } from '../server/database.js';
import { type CliResult, jsonLines, runCli } from './cli.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.drop());

const job = { CLOUD_RUN_JOB: 'arc-gam', CLOUD_RUN_EXECUTION: 'arc-gam-x1', CLOUD_RUN_TASK_INDEX: '0' };
const labels = 'logging.googleapis.com/labels';

test('in a Cloud Run Job every line is an object that Cloud Logging understands, the last with all metrics', async () => {
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2026-01-01T10:00Z');
  await addTap(database, 1, 1, '2026-01-02T10:00Z');
  const result = await database.ok(['etl', '--date', '2026-01-02'], job);
  expect(result.stderr).toBe('');
  const lines = jsonLines(result.stdout);
  for (const line of lines) {
    expect(line).toMatchObject({
      severity: expect.stringMatching(/^(DEBUG|INFO|NOTICE|WARNING|ERROR)$/),
      message: expect.stringMatching(/./),
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      [labels]: { command: 'etl' },
    });
  }
  expect(lines.find(({ event }) => event === 'batch')).toMatchObject({
    firstDay: '2026-01-01',
    lastDay: '2026-01-02',
    [labels]: { run_id: '1', command: 'etl', as_of_day: '2026-01-02' },
    steps: { user_day_activity: { inserted: 2, updated: 0, deleted: 0 } },
  });
  expect(lines.at(-1)).toMatchObject({
    severity: 'INFO',
    event: 'ended',
    state: 'done',
    asOfDay: '2026-01-02',
    dayCount: 2,
    batchCount: 1,
    tapCount: 1,
    retryCount: 0,
    rowsInserted: expect.any(Number),
    rowsUpdated: expect.any(Number),
    rowsDeleted: 0,
    durationMs: expect.any(Number),
    ignored: { self_tap: 1, null_id: 0, null_time: 0, unknown_user: 0 },
    [labels]: { run_id: '1', command: 'etl', as_of_day: '2026-01-02' },
  });
});

test('a run that fails half-way ends with one ERROR that carries what was done', async () => {
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2026-01-01T10:00Z');
  await addTap(database, 1, 2, '2026-01-02T10:00Z');
  await database.client.query(
    "create function refuse() returns trigger language plpgsql as 'begin raise exception ''no second day''; end'",
  );
  await database.client.query(
    "create trigger refuse before insert on processed_day for each row when (new.day = '2026-01-02') execute function refuse()",
  );
  const result = await database.cli(['backfill', '--batch-days', '1', '--log-format', 'json']);
  expect(result.code).toBe(1);
  const lines = jsonLines(result.stdout);
  expect(lines.filter(({ severity }) => severity === 'ERROR')).toHaveLength(1);
  expect(lines.at(-1)).toMatchObject({
    severity: 'ERROR',
    event: 'failed',
    state: 'failed',
    exitCode: 1,
    message: expect.stringContaining('no second day'),
    asOfDay: '2026-01-01',
    dayCount: 1,
    tapCount: 1,
    [labels]: { run_id: '1', command: 'backfill', as_of_day: '2026-01-01' },
  });
});

test('--log-format and --json choose, wherever the command runs', async () => {
  const asked = await database.ok(['migrate', 'status', '--log-format', 'text'], job);
  expect(asked.stdout).toMatch(/^name +state/);
  expect(asked.stdout).not.toContain('{');
  const events = jsonLines((await database.ok(['migrate', 'status', '--json'], job)).stdout);
  expect(events[0]).toMatchObject({ event: 'migration', state: 'applied' });
});

describe('a password is in no output', () => {
  const secret = 'Tr0ub4dor-secret';
  const server = () => new URL(database.url);
  const url = (change: (parts: URL) => void) => {
    const parts = server();
    parts.password = secret;
    change(parts);
    return parts.href;
  };
  const failures: [what: string, exit: number, run: () => Promise<CliResult>][] = [
    ['a host that does not answer', 5, () => etl({ DATABASE_URL: url((parts) => (parts.port = '1')) })],
    [
      'a database that is not there',
      2,
      () => etl({ DATABASE_URL: url((parts) => (parts.pathname = '/nowhere')) }),
    ],
    ['an unknown user', 2, () => etl({ DATABASE_URL: url((parts) => (parts.username = 'nobody-here')) })],
    [
      'TLS where there is none',
      2,
      () => etl({ DATABASE_URL: url((parts) => (parts.search = '?sslmode=require')) }),
    ],
    ['a wrong URL', 2, () => etl({ DATABASE_URL: `mysql://root:${secret}@db/x` })],
    ['a URL that can not be read', 2, () => etl({ DATABASE_URL: `postgres://root:${secret}%zz@db:port/x` })],
    ['a wrong port', 2, () => etl({ DATABASE_URL: `postgres://root:${secret}@db/x?port=abc` })],
    ['a wrong sslmode', 2, () => etl({ DATABASE_URL: `postgres://root:${secret}@db/x?sslmode=maybe` })],
    ['incomplete DB_ settings', 2, () => etl({ DB_USER: 'job', DB_PASS: secret })],
    ['a wrong setting', 2, () => etl({ DB_PASS: secret, DATABASE_URL: database.url, ARC_GAM_TZ: 'Mars' })],
    [
      'a mistyped flag',
      2,
      () => runCli(['etl', `--database-ulr=postgres://u:${secret}@h/x`, '--debug'], job),
    ],
    ['a URL in the place of a command', 2, () => runCli([`postgres://u:${secret}@h/x`], job)],
    ['a URL in the place of an argument', 2, () => runCli(['migrate', `postgres://u:${secret}@h/x`], job)],
    [
      'a schema that is not set up',
      1,
      () => etl({ DATABASE_URL: withSecret(), ARC_GAM_SCHEMA: 'elsewhere' }),
    ],
    [
      'a table that is not there',
      2,
      () => runCli(['migrate', '--debug'], { ...job, DATABASE_URL: withSecret(), ARC_GAM_TAPS_TABLE: 'x.y' }),
    ],
  ];
  const etl = (environment: NodeJS.ProcessEnv) => runCli(['etl', '--debug'], { ...job, ...environment });
  /** The real server, reached with a role whose password is the secret. */
  const withSecret = () =>
    url((parts) => {
      parts.username = role;
    });
  const role = `secretive_${process.pid}`;
  beforeEach(async () => {
    await database.client.query(`create role ${role} superuser login password '${secret}'`);
  });
  afterEach(async () => {
    await database.client.query(`drop role ${role}`);
  });

  test.each(failures)('%s: exit %i, one ERROR', async (_what, exit, run) => {
    const result = await run();
    expect(result.stdout + result.stderr).not.toContain(secret);
    expect(result.code).toBe(exit);
    expect(jsonLines(result.stdout).filter(({ severity }) => severity === 'ERROR')).toHaveLength(1);
  });

  test('nor in the ledger and in what other sessions see', async () => {
    await addUsers(database, 1, 2);
    await addTap(database, 1, 2, '2026-01-01T10:00Z');
    const result = await runCli(['etl', '--database-url', withSecret(), '--date', '2026-01-01'], job);
    expect(result.code).toBe(0);
    const seen = await database.rows('select run::text from run union all select setting::text from setting');
    expect(JSON.stringify([seen, result])).not.toContain(secret);
  });
});

test('texts of others lose the passwords in them', () => {
  expect(withoutPasswords("unknown option '--x=postgres://u:a:b@c@host/db'")).toBe(
    "unknown option '--x=postgres://u:***@host/db'",
  );
  expect(withoutPasswords("'postgres://u:a b@host/db' and 'postgres://u:a/b@host/db'")).toBe(
    "'postgres://u:***@host/db' and 'postgres://u:***@host/db'",
  );
  expect(withoutPasswords('postgres://host:5432/db, ask me@example.com')).toBe(
    'postgres://host:5432/db, ask me@example.com',
  );
  expect(withoutPasswords('PGPASSWORD=abc host=x password=def')).toBe('PGPASSWORD=*** host=x password=***');
});
