import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../src/config.js';
import { withDatabase } from '../../src/db/database.js';
import { withTransaction } from '../../src/db/transaction.js';
import { readPackageFile, sqlFilesIn } from '../../src/files.js';
import { loadChecks } from '../../src/verify/check.js';
import { comparisonOf } from '../../src/verify/comparison.js';
import { openScope } from '../../src/verify/scope.js';
import { jsonLines } from '../command/cli.js';
import { figuresOf, fillCommunity } from '../figures/community.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';
import { everything } from './corruption.js';

const one = userId(1);

let database: TestDatabase;
let figures: string;
beforeAll(async () => {
  database = await createDatabase();
  await fillCommunity(database);
  figures = await figuresOf(database);
});
afterAll(() => database.drop());

test('a correct database is found correct, in full and by sample', async () => {
  const full = await database.cli(['verify', '--full']);
  expect(full).toMatchObject({ code: 0, stderr: '' });
  expect(full.stdout).toContain('All equal.');
  const sampled = await database.cli(['verify', '--sample', '2', '--seed', 'x']);
  expect(sampled.stdout).toContain('All equal.');
  expect(sampled.code).toBe(0);
});

test('a sample whose days are two or three apart counts the taps between them once', async () => {
  const sampled = await createDatabase();
  await addUsers(sampled, 1, 2, 3);
  await sampled.client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude)
     select ('00000000-0000-4000-8000-00000000000' || 1 + n % 3)::uuid, ('00000000-0000-4000-8000-00000000000' || 1 + (n + 1) % 3)::uuid,
       '2024-03-01T00:30Z'::timestamptz + n * interval '1 hour', 47.5, 8.7
     from generate_series(0, 24 * 14 - 1) as n`,
  );
  await sampled.ok(['backfill', '--to', '2024-03-14']);
  // Four of fourteen days, others with every seed.
  for (const seed of ['a', 'b', 'c']) {
    const verified = await sampled.cli(['verify', '--sample', '16', '--seed', seed]);
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('4 days with 96 taps')]);
  }
  await sampled.drop();
});

test('a streak that was alive when the last batch was derived is right until the next, whatever ended since', async () => {
  const evening = await createDatabase();
  await addUsers(evening, 1, 2, 3);
  await addTap(evening, 1, 2, '2026-02-01T10:00Z');
  await addTap(evening, 2, 3, '2026-02-02T10:00Z');
  await evening.ok(['etl', '--date', '2026-02-02']);
  // As a run in the evening of the last day would have left it.
  await evening.client.query(
    `update gamification.user_streaks set current_streak_days = 1 where user_id = '${userId(1)}';
     update gamification.run set last_batch_at = '2026-02-02T20:00Z'`,
  );
  expect((await evening.cli(['verify', '--full'])).code).toBe(0);
  const told = await evening.ok(['why', 'streak', '--user', userId(1)]);
  expect(told.stdout).toContain(
    'It was alive when it was derived: 2026-02-02 has ended since, without a tap. So the streak is 1 until the next run makes it 0.',
  );
  // Another run ends without a batch: it derives no streak.
  await evening.ok(['freeze', '--before', '2026-02-02']);
  const { code, stdout } = await evening.cli(['verify', '--full']);
  expect([code, stdout]).toEqual([0, expect.stringContaining('All equal.')]);
  await evening.ok(['etl', '--date', '2026-02-02']);
  await evening.client.query(
    `update gamification.user_streaks set current_streak_days = 1 where user_id = '${userId(1)}'`,
  );
  expect((await evening.cli(['verify', '--full'])).code).toBe(3);
  // Also where the last day is frozen itself: nobody named it.
  await evening.ok(['freeze', '--before', '2026-02-03']);
  expect((await evening.cli(['verify', '--full'])).code).toBe(3);
  expect((await evening.ok(['verify', '--full', '--repair'])).stdout).toContain('All equal.');
  expect((await evening.cli(['verify', '--full'])).code).toBe(0);
  await evening.drop();
});

test('verify --repair repairs what it reports with exit code 3, and is silent afterwards', async () => {
  await database.client.query(`update user_streaks set longest_streak_days = 77 where user_id = '${one}'`);
  const wrong = await database.cli(['verify', '--full', '--json']);
  expect(wrong.code).toBe(3);
  expect(jsonLines(wrong.stdout)).toContainEqual(
    expect.objectContaining({
      event: 'finding',
      table: 'user_streaks',
      key: `user_id ${one}`,
      column: 'longest_streak_days',
      stored: '77',
      expected: '3',
      why: `arc-gam why streak --user ${one}`,
    }),
  );
  // Of who is no user nothing can be asked.
  await database.client.query(
    `insert into user_streaks
     select (jsonb_populate_record(user_streaks, '{"user_id": "${userId(99)}"}')).* from user_streaks limit 1`,
  );
  const more = jsonLines((await database.cli(['verify', '--full', '--json'])).stdout);
  expect(more).toContainEqual(
    expect.objectContaining({ event: 'finding', key: `user_id ${userId(99)}`, stored: 'there', why: null }),
  );
  await database.client.query(`delete from user_streaks where user_id = '${userId(99)}'`);
  // A part of everything finds it too, if it is in that part.
  for (const [code, ...part] of [
    [3, '--user', one],
    [3, '--sample', '1000'],
    [3, '--full', '--table', 'user_streaks'],
    [0, '--full', '--table', 'edge_strength'],
  ] as const)
    expect([part, (await database.cli(['verify', ...part])).code]).toEqual([part, code]);
  const repaired = await database.cli(['verify', '--full', '--repair']);
  expect(repaired).toMatchObject({ code: 0, stderr: '' });
  expect((await database.cli(['verify', '--full'])).code).toBe(0);
  expect(await figuresOf(database)).toBe(figures);
});

test('a tap that came late is told once, as a stale day, and hides no corruption', async () => {
  const late = await createDatabase();
  try {
    await fillCommunity(late);
    await addTap(late, 1, 3, '2026-02-03T15:00Z');
    const stale = await late.cli(['verify', '--full', '--json']);
    expect(stale.code).toBe(3);
    expect(jsonLines(stale.stdout).filter(({ event }) => event === 'finding')).toEqual([
      expect.objectContaining({ state: 'stale', key: 'day 2026-02-03', stored: '2', expected: '3' }),
    ]);
    expect((await late.cli(['verify', '--full', '--stale-ok'])).code).toBe(0);
    await late.client.query(`update user_streaks set longest_streak_days = 77 where user_id = '${one}'`);
    const both = await late.cli(['verify', '--full', '--stale-ok']);
    expect(both.code).toBe(3);
    expect(both.stdout).toContain('longest_streak_days is 77, expected 3');
    expect((await late.cli(['verify', '--full', '--repair'])).code).toBe(0);
  } finally {
    await late.drop();
  }
});

test('of one user too it is told that a day is stale, and a repair brings it up to date', async () => {
  const late = await createDatabase();
  try {
    await addUsers(late, 1, 2, 3);
    await addTap(late, 1, 2, '2026-02-02T10:00Z');
    await late.ok(['etl', '--date', '2026-02-02']);
    await addTap(late, 1, 3, '2026-02-02T11:00Z');
    const asked = ['verify', '--user', userId(1)];
    const stale = await late.cli(asked);
    expect([stale.code, stale.stderr]).toEqual([3, expect.stringContaining('1 day, home or quest is stale')]);
    await late.ok([...asked, '--stale-ok']);
    await late.ok([...asked, '--repair']);
    expect(
      await late.rows('select tap_count from gamification.user_day_activity order by 1 desc limit 1'),
    ).toEqual([{ tap_count: '2' }]);
    await late.ok(asked);
  } finally {
    await late.drop();
  }
});

test('where the as-of day is not over yet, by a clock that was ahead, a repair goes as far as today', async () => {
  const ahead = await createDatabase();
  try {
    await addUsers(ahead, 1, 2);
    const [{ today } = { today: '' }] = await ahead.rows<{ today: string }>(
      "select (now() at time zone 'UTC')::date::text as today",
    );
    await addTap(ahead, 1, 2, `${today}T00:00:00Z`);
    await ahead.ok(['etl', '--date', today]);
    await ahead.client.query(
      `insert into gamification.processed_day
       select (jsonb_populate_record(processed_day, jsonb_build_object(
         'day', day + 1, 'tap_count', 0, 'tap_digest', 0, 'stranger_digest', 0
       ))).*
       from gamification.processed_day;
       update gamification.user_day_activity set tap_count = 9`,
    );
    const repaired = await ahead.cli(['verify', '--full', '--repair']);
    expect(repaired.stderr).not.toContain('is after today');
    expect(await ahead.rows('select distinct tap_count from gamification.user_day_activity')).toEqual([
      { tap_count: '1' },
    ]);
  } finally {
    await ahead.drop();
  }
});

test('tables in the schema that are named as those of a verification are not meant by it', async () => {
  const { rows: own } = await database.client.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'gamification'",
  );
  const names = [
    'sql/verify/open.sql',
    ...sqlFilesIn('sql/verify/rules').map((file) => `sql/verify/rules/${file}`),
  ]
    .flatMap((file) => [...readPackageFile(file).matchAll(/create temp (?:table|view) (\w+)/g)])
    .map(([, name]) => name ?? '')
    .filter((name) => !own.some((table) => table.name === name));
  expect(names).toContain('person');
  await database.client.query(
    names.map((name) => `create table gamification.${name} (mine integer)`).join('; '),
  );
  try {
    for (const scope of [['--full'], ['--sample', '3']]) await database.ok(['verify', ...scope]);
    await database.ok(['why', 'streak', '--user', one]);
  } finally {
    await database.client.query(names.map((name) => `drop table gamification.${name}`).join('; '));
  }
});

test('what could not be checked is exit code 1, a wrong flag 2', async () => {
  const empty = await createDatabase({ empty: true });
  try {
    const result = await empty.cli(['verify']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('arc-gam migrate');
    expect((await database.cli(['verify', '--table', 'nothing'])).code).toBe(2);
    expect((await database.cli(['verify', '--date', '1999-01-01'])).code).toBe(2);
    const nobody = await database.cli(['verify', '--user', userId(99)]);
    expect(nobody).toMatchObject({ code: 2, stdout: '' });
    expect(nobody.stderr).toContain('there is no such user');
    expect((await database.cli(['verify', '--user', one])).code).toBe(0);
  } finally {
    await empty.drop();
  }
});

test("operators' own SQL finds the tables", async () => {
  const [fresh] = await database.rows(
    'select max(last_updated_at) is not null as is_there, count(*)::int as weeks from user_week_activity',
  );
  expect(fresh).toEqual({ is_there: 't', weeks: '11' });
  const sizes = await database.rows(
    `select tablename from pg_tables where schemaname = 'gamification'
       and pg_total_relation_size(format('%I.%I', schemaname, tablename)) > 0 and tablename = any ($1)`,
    [['user_day_activity', 'user_week_activity', 'user_streaks', 'edge_strength', 'weekly_leaderboard']],
  );
  expect(sizes).toHaveLength(5);
});

test('an hour that comes twice is expected once on each of its dates, with the taps of that pass', async () => {
  const zone = 'America/St_Johns';
  const twice = await createDatabase();
  try {
    // 2006-10-29 00:01 -> 2006-10-28 23:01: 02:30Z is the 29th, 02:31Z to 03:30Z the 28th again.
    await addUsers(twice, 1, 2);
    for (const time of ['2006-10-29T02:30:10Z', '2006-10-29T02:40Z', '2006-10-29T02:50Z'])
      await addTap(twice, 1, 2, time);
    await twice.ok(['backfill', '--from', '2006-10-28', '--to', '2006-10-29'], { ARC_GAM_TZ: zone });
    await twice.client.query('update public.taps set latitude = 47.56, longitude = -52.71');
    const settings = readSettings({ databaseUrl: twice.url }, {});
    const expected = await withDatabase(settings, 'verify', undefined, (opened) =>
      withTransaction(opened, settings, async (session) => {
        await openScope(session, everything.scope, zone, () => undefined);
        await session.query('update verify_day set is_stale = false');
        const check = loadChecks().find(({ name }) => name === 'area_hour');
        if (check === undefined) throw new Error('There is no check area_hour.');
        return session.query(
          `select day::text as day, starts_at::text as starts_at, column_name, expected
           from (${comparisonOf(check, 'all')}) as told where column_name <> 'user_keys' order by day, column_name`,
        );
      }),
    );
    expect(expected).toEqual(
      [
        ['2006-10-28', 'slot', String(5 * 24 + 23)],
        ['2006-10-28', 'tap_count', '2'],
        ['2006-10-29', 'slot', String(6 * 24)],
        ['2006-10-29', 'tap_count', '1'],
      ].map(([day, column_name, figure]) => ({
        day,
        starts_at: '2006-10-29 02:30:00+00',
        column_name,
        expected: figure,
      })),
    );
  } finally {
    await twice.drop();
  }
});

test('a verification says what it spent before the first check, and a sample reads no more than it is to', async () => {
  const said = jsonLines((await database.ok(['verify', '--sample', '4', '--json'])).stdout);
  const prepared = said.find(({ event }) => event === 'prepared') as unknown as {
    preparations: { what: string; durationMs: number }[];
    durationMs: number;
  };
  expect(prepared.preparations.map(({ what }) => what)).toEqual([
    'the source',
    'homes',
    'pairs',
    'days',
    'the graph',
    'the second degree',
    'weeks',
    'places',
    'quests',
    'progress',
    'surges',
  ]);
  const verified = said.find(({ event }) => event === 'verified') as unknown as Record<string, number>;
  expect(verified).toMatchObject({ dayCount: 1, userCount: 4, weekCount: 1 });
  expect(verified.durationMs).toBeGreaterThanOrEqual(prepared.durationMs);
  const { stdout } = await database.ok(['verify', '--full']);
  expect(stdout).toMatch(/^Prepared in .*: .*the source /m);
  expect(stdout).toMatch(/All equal\. Took .*, of which the checks /);
});
