import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, type Option } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandFile } from '../../src/command-line.js';
import { mappingOf, readSettings } from '../../src/config.js';
import { exitCode } from '../../src/errors.js';
import { relationName } from '../../src/migrate/source.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';
import { jsonLines, runCli, runProcess } from './cli.js';

const folder = fileURLToPath(new URL('../../src/commands/', import.meta.url));
const names = readdirSync(folder).map((file) => file.replace('.ts', ''));

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2, 3);
  await addTap(database, 1, 2, '2026-02-03T10:00Z');
  await addTap(database, 2, 3, '2026-02-04T10:00Z');
  await addTap(database, 2, 9, '2026-02-04T11:00Z');
  await addTap(database, 8, 9, '2026-02-04T12:00Z');
});
afterAll(() => database.drop());

describe('a command is one file', () => {
  test.each(names)('%s exports itself, and is in the help with examples', async (name) => {
    const { command } = (await import(`${folder}${name}.ts`)) as { command: CommandFile };
    expect(command.describe).toBeTypeOf('function');
    expect((await runCli(['--help'])).stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    const { code, stdout } = await runCli([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Examples:');
    expect((await runCli(['help', name])).stdout).toBe(stdout);
  });

  test.each(names)('%s says of each number how large it may be', async (name) => {
    const { command } = (await import(`${folder}${name}.ts`)) as { command: CommandFile };
    const parsed = ({ parseArg }: Option, text: string): unknown => parseArg?.(text, undefined);
    const isNumber = (option: Option): boolean => {
      try {
        return typeof parsed(option, '3') === 'number';
      } catch {
        return false;
      }
    };
    for (const option of command.describe(new Command(name)).options.filter(isNumber))
      expect(() => parsed(option, '99999999999'), option.flags).toThrow(/^Expected .* from \w+ to \w+/);
  });

  test('every exit code is explained', async () => {
    const { stdout } = await runCli(['help', 'exit-codes']);
    for (const code of Object.values(exitCode)) expect(stdout).toMatch(new RegExp(`^${code}  \\S`, 'm'));
  });
});

test.each([
  [[]],
  [['--version']],
  [['etl', '--help']],
  [['help', 'exit-codes']],
  [['etl', '--dat', '2026-02-03']],
  [['quests', '--json']],
  [['migrate', 'status', '--log-format', 'text']],
  [['status', '--schema', 'elsewhere']],
])('a process says what a call says: %j', async (args) => {
  const environment = { DATABASE_URL: database.url, ARC_GAM_SCHEMA: 'gamification' };
  const called = await runCli(args, environment);
  expect(await runProcess(args, environment)).toEqual(called);
});

describe('a misspelt word is answered with the one that is meant', () => {
  test.each([
    [['bakcfill'], 'Did you mean backfill?'],
    [['etl', '--dat', '2026-02-03'], 'Did you mean --date?'],
    [['migrate', 'staus'], 'Did you mean status?'],
    [['capture', 'of'], 'Did you mean off?'],
    [['why', 'streek', '--user', userId(1)], 'Did you mean streak?'],
    [['help', 'exit-code'], 'Did you mean exit-codes?'],
    [['verify', '--table', 'user_streak'], 'Did you mean user_streaks?'],
  ])('%s', async (args, hint) => {
    const { code, stderr, stdout } = await database.cli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(hint);
    expect(stderr).toMatch(/^Error: /);
    const [failed] = jsonLines((await database.cli([...args, '--json'])).stdout);
    expect(failed).toMatchObject({ event: 'failed', exitCode: 2 });
    expect(JSON.stringify(failed)).not.toMatch(/error: /i);
  });
});

describe('a flag that would do nothing is refused', () => {
  const user = ['--user', userId(1)];
  test.each([
    [['etl', '--diff']],
    [['backfill', '--diff']],
    [['backfill', '--rebuild', '--lookback', '3']],
    [['migrate', '--all']],
    [['migrate', '--count', '2']],
    [['migrate', 'down', '--all', '--count', '2']],
    [['migrate', 'down', '--dry-run']],
    [['migrate', 'status', '--wait', '3']],
    [['migrate', '--dry-run', '--wait', '3']],
    [['capture', 'status', '--wait', '3']],
    [['verify', '--full', '--sample', '3']],
    [['verify', '--full', '--seed', 'x']],
    [['verify', '--wait', '3']],
    [['why', 'streak', ...user, '--date', '2026-02-03']],
    [['why', 'edge', ...user, '--other', userId(2), '--date', '2026-02-03']],
    [['why', 'day', ...user, '--other', userId(2)]],
    [['etl', '--dry-run', '--batch-days', '3']],
    [['follow', '--once', '--every', '5s']],
    [['distribute', '--dry-run', '--wait', '5']],
    [['step', 'pair', '--schema', 'x']],
    [['step', 'pair', '--iam']],
    [['step', 'pair', '--database-url', 'postgres://localhost/x']],
    [['demo', '--database-url', 'postgres://localhost/x']],
    [['demo', '--schema', 'x']],
    [['demo', '--port', '0']],
    [['demo', '--taps', 'x.csv', '--users', 'y.csv', '--days', '3']],
  ])('%s', async (args) => {
    const { code, stderr, stdout } = await database.cli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Error: --[a-z-]+ does nothing here: .*\.\n$/);
  });
});

test('a file of metrics is not JSON', async () => {
  const { code, stdout } = await database.cli(['metrics', '--json', '--file', '/nowhere/x.prom']);
  expect(code).toBe(2);
  expect(jsonLines(stdout)[0]?.message).toMatch(/^--json does nothing here: /);
});

describe('colours are for the stream that takes them', () => {
  test.each([
    [['out', 'err'], {}, { table: true, error: true }],
    [['out'], {}, { table: true, error: false }],
    [['err'], {}, { table: false, error: true }],
    [['out', 'err'], { NO_COLOR: '1' }, { table: false, error: false }],
    [['err'], { NO_COLOR: '1', FORCE_COLOR: '1' }, { table: false, error: false }],
    [[], { FORCE_COLOR: '1' }, { table: true, error: true }],
    [['out', 'err'], { FORCE_COLOR: '0' }, { table: false, error: false }],
  ] as const)('terminals: %j with %j', async (terminals, variables, coloured) => {
    const unset = { NO_COLOR: undefined, FORCE_COLOR: undefined };
    const environment = { DATABASE_URL: database.url, ...unset, ...variables };
    const { stdout } = await runCli(['capture', 'status'], environment, terminals);
    const { stderr } = await runCli(['status', '--schema', 'pg_x'], environment, terminals);
    expect(stdout).toContain('Runs compare the digest');
    expect(stderr).toContain('Error:');
    expect({ table: stdout.includes('\u001b['), error: stderr.includes('\u001b[') }).toEqual(coloured);
  });

  test('a line for Cloud Logging has none', async () => {
    const environment = { DATABASE_URL: database.url };
    await runCli(['status'], environment, ['out', 'err']);
    const { stdout } = await runCli(['status', '--log-format', 'json'], environment, ['out', 'err']);
    expect(jsonLines(stdout)[0]?.message).toContain('No day has been processed yet.');
    expect(stdout).not.toContain('\\u001b');
  });
});

test('what needs the schema says so, each in the same words', async () => {
  const empty = await createDatabase({ empty: true });
  try {
    for (const args of [
      ['quests'],
      ['capture', 'status'],
      ['capture', 'on'],
      ['verify'],
      ['etl'],
      ['why', 'streak', '--user', userId(1)],
    ]) {
      const { code, stderr } = await empty.cli(args);
      expect(stderr).toBe("Error: The schema 'gamification' has not been set up. Run: arc-gam migrate\n");
      expect(code).toBe(1);
    }
  } finally {
    await empty.drop();
  }
});

test('a day before the first tap is refused, unless backfill names it', async () => {
  const typo = await createDatabase();
  try {
    await addUsers(typo, 1, 2);
    const days = () => typo.rows('select min(day) as first_day, count(*) as days from processed_day');
    // Nobody has tapped yet: a schedule may begin before the first tap does.
    await typo.ok(['etl', '--date', '2026-02-02']);
    await typo.client.query('truncate processed_day');
    await addTap(typo, 1, 2, '2026-02-03T10:00Z');
    for (const args of [
      ['etl', '--date', '2015-01-01'],
      ['etl', '--date', '2015-01-01', '--dry-run'],
      ['backfill', '--to', '2015-01-01'],
    ]) {
      const refused = await typo.cli(args);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain('2015-01-01 is before the first tap (2026-02-03 in UTC)');
      expect(refused.stderr).toContain('arc-gam backfill --from 2015-01-01');
      expect(await days()).toEqual([{ first_day: null, days: '0' }]);
    }
    await typo.ok(['etl', '--date', '2026-02-04']);
    expect((await typo.cli(['etl', '--date', '2015-01-01'])).code).toBe(2);
    // A hundred years before it there is no calendar.
    expect((await typo.cli(['etl', '--date', '0050-01-01', '--lookback', '36525'])).code).toBe(2);
    await typo.ok(['capture', 'on']);
    await typo.ok(['etl', '--date', '2026-02-04']);
    expect((await typo.cli(['etl', '--date', '2015-01-01'])).code).toBe(2);
    expect(await days()).toEqual([{ first_day: '2026-02-03', days: '2' }]);
    await typo.ok(['backfill', '--from', '2026-02-01', '--to', '2026-02-04']);
    expect(await days()).toEqual([{ first_day: '2026-02-01', days: '4' }]);
    await typo.ok(['etl', '--date', '2026-02-01']);
  } finally {
    await typo.drop();
  }
});

test('the help says what is so', async () => {
  const help = async (name: string) => (await runCli([name, '--help'])).stdout.replace(/\s+/g, ' ');
  expect(await help('follow')).toContain('how often to look for changes (default: 1s)');
  expect(await help('step')).not.toContain('ready for psql');
  expect(await help('demo')).not.toMatch(/--(database-url|schema|iam)\b/);
  expect(await help('demo')).toContain('the database in it is made anew');
  for (const name of names.filter((each) => each !== 'completion' && each !== 'help'))
    expect(await help(name)).toContain('--json');
  const [, demo = ''] =
    /\n +demo\)\n([\s\S]*?);;\n +capture\)/.exec((await runCli(['completion', 'bash'])).stdout) ?? [];
  expect(demo).toContain('--keep');
  expect(demo).not.toContain('--database-url');
});

describe('a table is named as in SQL', () => {
  test.each([
    'Social App.TapEvent',
    'public taps',
    '.taps.',
    'a..b',
    'a.b.c',
    'taps; drop',
    'taps;drop',
    '"taps',
    '',
  ])('%j is no name: how names in quotes are written', async (text) => {
    const given = `${text} `;
    const { code, stderr } = await database.cli(['migrate'], { ARC_GAM_TAPS_TABLE: given });
    expect(code).toBe(2);
    expect(stderr).toContain(`ARC_GAM_TAPS_TABLE is '${text}', expected a table such as public.taps`);
    expect(stderr).toContain(
      'or "Social App"."TapEvent": names that are not in small letters in double quotes',
    );
  });

  test.each([
    ['taps', 'public', 'taps'],
    ['App.Tap_2', 'app', 'tap_2'],
    ['"Social App" . "Tap""Event"', 'Social App', 'Tap"Event'],
    ['"a.b".über', 'a.b', 'über'],
  ])('%s', (text, schema, table) => {
    const { source } = readSettings({ databaseUrl: database.url }, { ARC_GAM_TAPS_TABLE: text });
    expect(relationName(mappingOf(source), 'tapsTable')).toEqual({ schema, table });
  });
});

test('a dry run counts the ignored rows that the run will, and both formats name them alike', async () => {
  const ended = async (...args: string[]) =>
    jsonLines((await database.ok(['etl', '--date', '2026-02-04', ...args])).stdout).find(
      ({ event }) => event === 'ended',
    );
  const ignored = { null_time: 0, null_id: 0, self_tap: 0, unknown_user: 2 };
  const dry = await ended('--dry-run', '--json');
  expect(dry).toMatchObject({ dryRun: true, ignored });
  const run = await ended('--json');
  expect(run).toMatchObject({ state: 'done', ignored, rowsInserted: expect.any(Number) });
  expect(run?.rowsInserted).toBeGreaterThan(0);
  expect(Number.isInteger(run?.durationMs)).toBe(true);
  const steps = run?.steps as { durationMs: number }[];
  expect(steps.length).toBeGreaterThan(0);
  expect(steps.every(({ durationMs }) => Number.isInteger(durationMs))).toBe(true);
  const logged = await ended('--log-format', 'json');
  for (const name of ['state', 'asOfDay', 'dayCount', 'batchCount', 'tapCount', 'retryCount', 'ignored']) {
    expect(Object.keys(run ?? {})).toContain(name);
    expect(Object.keys(logged ?? {})).toContain(name);
  }
});

test('events and fields of JSON are stable words', async () => {
  for (const args of [
    ['etl', '--date', '2026-02-04', '--explain'],
    ['capture', 'status'],
    ['migrate', 'status'],
    ['quests'],
    ['status'],
    ['verify', '--full'],
  ]) {
    const { stdout } = await database.cli([...args, '--json']);
    for (const line of jsonLines(stdout)) {
      expect(line.event).toMatch(/^[a-z]+(_[a-z]+)*$/);
      for (const name of Object.keys(line)) expect(name).not.toContain(' ');
    }
  }
});
