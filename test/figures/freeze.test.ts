import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addDays } from '../../src/pipeline/plan.js';
import { jsonLines, startCli } from '../command/cli.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';
import { onOneDay } from '../server/day.js';
import { differencesOf } from './figures.js';
import { random } from './random.js';

const zone = 'America/St_Johns';
const [first, border, last] = ['2025-01-06', '2025-02-13', '2025-03-20'];
const users = 12;
/** Days with a surge, one of them frozen. */
const crowds = ['2025-02-05', '2025-03-12'];

let database: TestDatabase;

/** Adds taps of the days, drawn by a seed: circles, strangers, dirt, and a crowd on two days. */
const live = async (from: string, to: string, seed: number): Promise<void> => {
  const next = random(seed);
  const taps: (string | number | null)[][] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) {
    const amount = next(7) === 0 ? 0 : 4 + next(8);
    for (let number = 0; number < amount; number += 1) {
      const one = 1 + next(users);
      const other = 1 + ((one + next(4)) % users);
      const dirt = next(40);
      const time = new Date(Date.parse(`${day}T05:00:00Z`) + next(86_400_000)).toISOString();
      const place = next(3);
      taps.push([
        dirt === 0 ? null : userId(one),
        dirt === 1 ? userId(90 + next(2)) : userId(other),
        time,
        place === 0 ? null : 47.5 + place / 20,
        place === 0 ? null : -52.7,
      ]);
    }
    const crowd = new Date(`${day}T18:30:00Z`);
    if (crowds.includes(day))
      for (let one = 1; one <= 11; one += 1)
        taps.push([userId(one), userId(one + 1), crowd.toISOString(), 47.61, -52.7]);
  }
  await database.client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude)
     select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::float8[], $5::float8[])`,
    [0, 1, 2, 3, 4].map((column) => taps.map((tap) => tap[column])),
  );
};

const environment = { ARC_GAM_TZ: zone };
const inSchema = (schema: string, ...args: string[]) =>
  database.ok([...args, '--schema', schema], environment);
const refused = async (...args: string[]) => {
  const result = await database.cli(args, environment);
  expect(result.code).not.toBe(0);
  return `${result.code} ${result.stderr.replaceAll('\n', ' ')}`;
};
const ended = async (schema: string, ...args: string[]) =>
  jsonLines((await inSchema(schema, ...args, '--json')).stdout).at(-1) as {
    tapCount: number;
    frozenBefore: string | null;
    ignored: Record<string, number>;
    rowsInserted: number;
    rowsUpdated: number;
    rowsDeleted: number;
  };

/** Two schemas live, without capture and with it; another one is rebuilt from taps that never left. */
const lived = ['gamification', 'captured'] as const;
const midnight = `(timestamp '${border}' at time zone '${zone}')`;

const requireRebuilt = async (frozenBefore = border): Promise<void> => {
  await database.ok(['backfill', '--rebuild', '--to', last, '--schema', 'rebuilt'], {
    ...environment,
    ARC_GAM_TAPS_TABLE: 'public.every_tap',
  });
  // Days that have no tap any more are days of P.
  await inSchema('rebuilt', 'backfill', '--from', first, '--to', last);
  for (const schema of lived)
    expect(await differencesOf(database.client, schema, 'rebuilt', frozenBefore), schema).toEqual([]);
};

beforeAll(async () => {
  database = await createDatabase();
  const { client } = database;
  await addUsers(database, ...Array.from({ length: users }, (_, index) => index + 1));
  await client.query(`
    create table public.archived (like public.taps including defaults);
    create view public.every_tap as
      select * from public.archived
      union all
      select * from public.taps where taps.time >= ${midnight} or taps.time is null`);
  await live(first, addDays(border, 12), 2);
  for (const schema of ['captured', 'rebuilt']) {
    const taps = schema === 'rebuilt' ? { ARC_GAM_TAPS_TABLE: 'public.every_tap' } : {};
    await database.ok(['migrate', '--schema', schema], { ...environment, ...taps });
  }
  await inSchema('captured', 'capture', 'on');
  for (const schema of lived) await inSchema(schema, 'backfill', '--to', addDays(border, 10));
});
afterAll(() => database.drop());

/** Every table of a schema with the transaction that wrote each row. */
const writtenSince = async (schema: string, transaction: string): Promise<string[]> => {
  const tables = await database.rows<{ name: string }>(
    "select tablename as name from pg_tables where schemaname = $1 and tablename !~ '^gazetteer'",
    [schema],
  );
  const written: string[] = [];
  for (const { name } of tables) {
    const rows = await database.rows(
      `select 1 from ${schema}.${name} where xmin::text::bigint >= $1::bigint limit 1`,
      [transaction],
    );
    if (rows.length > 0) written.push(name);
  }
  return written;
};
const transactionNow = async (): Promise<string> =>
  (await database.rows<{ id: string }>('select pg_current_xact_id()::text as id'))[0]?.id ?? '';

test('what is not processed, not over or not true is not frozen, and the sentence says what to do', async () => {
  expect(await refused('freeze', '--before', '2999-01-01')).toMatch(
    /^2 .*today is .*Give .* or an earlier day/,
  );
  expect(await refused('freeze', '--before', first)).toMatch(/^2 .*nothing to freeze.*arc-gam backfill/);
  expect(await refused('freeze', '--before', addDays(border, 13))).toMatch(
    /^1 .*2 days before .*arc-gam etl/,
  );
  // A fact that is not that of its taps, though nothing of the day has changed in the source.
  const [twice] = await database.rows<{ day: string }>(
    `select day::text from gamification.pair_day where tap_count > 1 and day < '${border}' order by day limit 1`,
  );
  const day = twice?.day;
  await database.client.query(`create table public.saved as table gamification.pair_day`);
  for (const change of [
    "last_tap_at = last_tap_at + interval '17 minutes' where tap_count = 1",
    'tap_count = tap_count + 1 where tap_count = 1',
    // The times are as many as there were: only the count says that one more is known.
    'tap_count = tap_count + 1 where tap_count > 1',
  ]) {
    const touched = await database.client.query(
      `update gamification.pair_day set ${change} and day = '${day}'`,
    );
    expect(touched.rowCount, change).toBeGreaterThan(0);
    expect(await refused('freeze', '--before', border)).toMatch(
      new RegExp(
        `^1 .*The facts of 1 day before ${border} are not those of their taps: ${day}\\..*arc-gam verify --full --repair`,
      ),
    );
    await database.client.query(
      `delete from gamification.pair_day where day = '${day}';
       insert into gamification.pair_day select * from public.saved where day = '${day}'`,
    );
  }
  await database.client.query('drop table public.saved');
  await database.client.query('begin');
  await database.client.query(
    `insert into public.taps (id1, id2, time) values ('${userId(1)}', '${userId(2)}', ${midnight} - interval '9 days')`,
  );
  await database.client.query('commit');
  expect(await refused('freeze', '--before', border)).toMatch(
    /^1 .*1 day before .* is not as the source says.*arc-gam etl/,
  );
  await database.client.query(`delete from public.taps where time = ${midnight} - interval '9 days'`);
  expect(await database.rows('select 1 from frozen_day')).toEqual([]);
});

test('a dry run freezes nothing; killed in the middle, nothing is frozen', async () => {
  const dry = await inSchema('gamification', 'freeze', '--before', border, '--dry-run');
  expect(dry.stdout).toContain('would be frozen (nothing was written)');
  expect(await database.rows('select 1 from frozen_day')).toEqual([]);
  const before = await transactionNow();
  await database.client.query('begin; lock table gamification.frozen_cell in access exclusive mode');
  const { child, ended: over } = startCli(['freeze', '--before', border], {
    DATABASE_URL: database.url,
    ...environment,
  });
  const isWaiting = async () =>
    (
      await database.rows(
        `select 1 from pg_locks where relation = 'gamification.frozen_cell'::regclass and not granted
         and database = (select oid from pg_database where datname = current_database())`,
      )
    ).length > 0;
  while (!(await isWaiting())) await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGKILL');
  await over;
  await database.client.query('rollback');
  await expect
    .poll(
      () =>
        database.rows(
          "select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
        ),
      { timeout: 20_000 },
    )
    .toEqual([]);
  expect(await writtenSince('gamification', before)).toEqual([]);
  expect(await database.rows('select 1 from frozen_day')).toEqual([]);
});

test('frozen days stay as they are when their taps leave, and a run writes nothing', async () => {
  for (const schema of lived) {
    const { stdout } = await inSchema(schema, 'freeze', '--before', border);
    expect(stdout).toMatch(new RegExp(`^38 days with \\d+ taps frozen: now all days before ${border} are`));
  }
  const [run] = await database.rows('select command, state, day_count from run order by run_id desc limit 1');
  expect(run).toEqual({ command: `freeze --before ${border}`, state: 'done', day_count: '38' });
  await database.client.query(`
    insert into public.archived select * from public.taps where time < ${midnight};
    delete from public.taps where time < ${midnight}`);
  for (const schema of lived) {
    await inSchema(schema, 'etl', '--date', addDays(border, 10));
    const before = await transactionNow();
    const report = await ended(schema, 'etl', '--date', addDays(border, 10));
    expect(await writtenSince(schema, before)).toEqual([]);
    expect(report).toMatchObject({ frozenBefore: border, tapCount: 0 });
    expect(report.ignored.frozen_day).toBe(0);
    await inSchema(schema, 'verify', '--full');
  }
  const again = await inSchema('gamification', 'freeze', '--before', border);
  expect(again.stdout).toContain('are frozen already');
});

test('life goes on: later taps come, change and go, a person is erased, and all equals a rebuild', async () => {
  await live(addDays(border, 13), last, 4);
  // By what was tapped: ids are drawn anew every time.
  const drawn = "md5(concat(id1, id2, time at time zone 'UTC'))";
  await database.client.query(
    `delete from public.taps where id in (select id from public.taps order by ${drawn}, id limit 20);
     update public.taps set id1 = '${userId(3)}'
     where id in (select id from public.taps order by ${drawn} desc, id limit 9) and id2 <> '${userId(3)}'`,
  );
  // Night by night without capture; in one go with it.
  for (const day of [addDays(border, 13), addDays(border, 14), addDays(border, 20), last])
    await inSchema('gamification', 'etl', '--date', day);
  await inSchema('captured', 'backfill', '--to', last);
  await requireRebuilt();
  await database.client.query(`delete from public.users where id = '${userId(5)}'`);
  const [dry] = await database.rows(
    'select tap_count from frozen_day join processed_day using (day) limit 1',
  );
  expect(dry).toBeDefined();
  for (const schema of lived) {
    const stale = await database.cli(['verify', '--full', '--schema', schema], environment);
    expect(stale.code).toBe(3);
    expect(stale.stdout).toContain('less those of erased people');
    const { stdout } = await inSchema(schema, 'etl', '--date', last, '--json');
    const plan = jsonLines(stdout).find(({ event }) => event === 'plan') as {
      reasons: Record<string, number>;
    };
    expect(plan.reasons.erased).toBeGreaterThan(5);
    await inSchema(schema, 'verify', '--full');
    expect(
      await database.rows(
        `select 1 from ${schema}.user_key where user_id = $1 union all
         select 1 from ${schema}.user_day_activity where user_id = $1 union all
         select 1 from ${schema}.user_quest_progress where user_id = $1`,
        [userId(5)],
      ),
    ).toEqual([]);
  }
  await requireRebuilt();
  const surges = await database.rows('select 1 from surge_windows where start_time < $1', [border]);
  expect(surges.length).toBeGreaterThan(0);
});

test('a tap that comes late for a frozen day is ignored, and told', async () => {
  await database.client.query(
    `insert into public.taps (id1, id2, time) values
       ('${userId(1)}', '${userId(2)}', ${midnight} - interval '3 days'),
       ('${userId(1)}', '${userId(3)}', ${midnight} - interval '3 days'),
       ('${userId(1)}', '${userId(3)}', '1999-01-01')`,
  );
  for (const schema of lived) {
    const report = await ended(schema, 'etl', '--date', last);
    expect(report.ignored.frozen_day).toBe(3);
    const status = await database.cli(['status', '--schema', schema], environment);
    expect(status.stdout).toMatch(
      new RegExp(`frozen +38 days, all before ${border}; 3 taps that came late are not counted`),
    );
    await inSchema(schema, 'verify', '--full');
  }
  await requireRebuilt();
  const metrics = await inSchema('gamification', 'metrics');
  expect(metrics.stdout).toContain('arc_gam_ignored_rows{reason="frozen_day"} 3');
  expect(metrics.stdout).toContain('arc_gam_frozen_days 38');
  await database.client.query("delete from public.taps where time = '1999-01-01'");
  for (const schema of lived) expect((await ended(schema, 'etl', '--date', last)).ignored.frozen_day).toBe(2);
});

test('who asks for a frozen day again is answered with a sentence', async () => {
  expect(await refused('etl', '--date', '2025-02-01')).toMatch(/^2 .*2025-02-01 is frozen.*arc-gam thaw/);
  expect(await refused('backfill', '--from', '2025-02-01', '--to', '2025-02-03')).toMatch(
    /^2 .*is frozen.*arc-gam thaw/,
  );
  expect(await refused('backfill', '--rebuild')).toMatch(/^2 .*are frozen.*arc-gam thaw/);
  const over = await inSchema('gamification', 'backfill', '--from', '2024-12-01', '--to', last);
  expect(over.stderr).toContain(`the span begins with ${border}`);
  const wrongZone = await database.cli(['etl'], { ARC_GAM_TZ: 'UTC' });
  expect(wrongZone.code).toBe(2);
  expect(wrongZone.stderr).toContain('arc-gam thaw');
  const down = await database.cli(['migrate', 'down', '--all'], environment);
  expect(down.code).toBe(1);
  expect(down.stderr).toContain('arc-gam thaw');
});

test('another version of the SQL of the facts leaves frozen days alone, and says so', async () => {
  await database.client.query("update processed_day set steps_sha256 = 'older' where day < $1 or day = $2", [
    border,
    last,
  ]);
  const { stdout, stderr } = await inSchema('gamification', 'etl', '--date', last, '--explain', '--json');
  const stale = jsonLines(stdout).filter(({ event }) => event === 'stale');
  expect(stale.every(({ day }) => String(day) >= border)).toBe(true);
  expect(stdout + stderr).toContain('38 frozen days keep what another version of the SQL counted');
  const status = await inSchema('gamification', 'migrate', 'status');
  expect(status.stderr).toContain('38 frozen days keep what another version of the SQL counted');
});

beforeEach(async () => {
  await database.client.query("set search_path = gamification, public; set timezone = 'UTC'");
});

const corruptions = [
  [
    'pair_day',
    'update pair_day set tap_count = tap_count + 1 where (u1_key, u2_key, day) in (select u1_key, u2_key, day from pair_day where day < $1 limit 1)',
  ],
  [
    'pair_day',
    "update pair_day set last_tap_at = last_tap_at + interval '1 second' where (u1_key, u2_key, day) in (select u1_key, u2_key, day from pair_day where day < $1 limit 1)",
  ],
  ['pair_day_tap', 'update pair_day_tap set tapped_at = tapped_at || tapped_at where day < $1'],
  ['frozen_cell', 'delete from frozen_cell where day < $1 and slot = (select min(slot) from frozen_cell)'],
] as const;

test.each(corruptions)('verify finds a row of %s that was touched on a frozen day', async (table, sql) => {
  const copy = `create table public.saved as table gamification.${table}`;
  await database.client.query(copy);
  await database.client.query(sql, [border]);
  const found = await database.cli(['verify', '--full', '--repair'], environment);
  expect(found.code).toBe(3);
  expect(found.stdout).toMatch(new RegExp(`✗ frozen_day .*\\n +day 2025-0\\d-\\d\\d: ${table} is`));
  expect(found.stderr).toContain('arc-gam thaw --force');
  await database.client.query(
    `truncate gamification.${table}; insert into gamification.${table} table public.saved; drop table public.saved`,
  );
  await inSchema('gamification', 'verify', '--full');
});

test('a touched frozen fact keeps every repair from deriving from it, wherever the repair looks', async () => {
  const touch = (count: string) =>
    database.rows<{ day: string }>(
      `update gamification.pair_day set tap_count = tap_count ${count}
       where (u1_key, u2_key, day) in (
         select u1_key, u2_key, day from gamification.pair_day
         join gamification.user_key on user_key = u1_key and user_id = $2 where day < $1 order by day, u2_key limit 1
       ) returning day::text`,
      [border, userId(1)],
    );
  const dayOf = () => database.rows('select * from gamification.user_day_activity order by user_id, day');
  const before = await dayOf();
  const [touched] = await touch('+ 1');
  for (const scope of [
    ['--user', userId(1)],
    ['--sample', '12'],
    ['--sample', '12', '--seed', 'b'],
  ]) {
    const found = await database.cli(['verify', '--repair', ...scope], environment);
    // Of a sample it may be that nothing is wrong.
    if (found.code !== 0)
      expect([scope[0], found.stderr]).toEqual([scope[0], expect.stringContaining('thaw --force')]);
  }
  // It is told although no frozen day is anybody's.
  const told = await database.cli(['verify', '--user', userId(1), '--sample', '1000'], environment);
  expect([told.code, told.stdout]).toEqual([3, expect.stringContaining('✗ frozen_day')]);
  const asked = ['verify', '--repair', '--user', userId(1)];
  expect((await database.cli(asked, environment)).code).toBe(3);
  expect(await dayOf()).toEqual(before);
  // Of other facts the source says nothing, and the repair would be refused.
  const longest = (change: string) =>
    database.client.query(
      `update gamification.user_streaks set longest_streak_days = longest_streak_days ${change} where user_id = $1`,
      [userId(1)],
    );
  await longest('+ 50');
  const why = await database.cli(['why', 'streak', '--user', userId(1)], environment);
  expect([why.code, why.stdout]).toEqual([
    3,
    expect.stringMatching(/is stored as \d+, by a frozen day that is not as it was sealed it is \d/),
  ]);
  expect(why.stdout).toContain('thaw --force');
  expect(why.stdout).not.toMatch(/the source says|--repair/);
  await longest('- 50');
  // Also where all that is wrong is that days are stale, and that is accepted: of a user without that day.
  const [without] = await database.rows<{ user_id: string }>(
    `select user_id from gamification.user_day_activity
     group by user_id having bool_or(day = $1) and not bool_or(day = $2) order by 1 limit 1`,
    [last, touched?.day],
  );
  expect(without).toBeDefined();
  await addTap(database, 2, 3, `${last}T15:00Z`);
  const other = await database.cli(
    ['verify', '--repair', '--user', without?.user_id ?? '', '--stale-ok'],
    environment,
  );
  expect([other.code, other.stderr]).toEqual([3, expect.stringMatching(/^(Error: )?Nothing was repaired/)]);
  await database.client.query('delete from public.taps where time = $1', [`${last}T15:00Z`]);
  await touch('- 1');
  await inSchema('gamification', 'verify', '--full');
});

test('a frozen day of which it is not said any more that it is one is found, and nothing of it is derived', async () => {
  const day = addDays(border, -7);
  const cells = () => database.rows('select * from gamification.frozen_cell order by 1, 2, 3, 4, 5, 6');
  const before = await cells();
  await database.client.query(
    `create table public.saved as table gamification.frozen_day;
     delete from gamification.frozen_day where day = '${day}'`,
  );
  const gone = await database.cli(['verify', '--full', '--repair'], environment);
  expect([gone.code, gone.stdout]).toEqual([3, expect.stringContaining(`day ${day}: row is missing`)]);
  expect(gone.stderr).toContain('Nothing was repaired');
  expect(await cells()).toEqual(before);
  await database.client.query(
    `insert into gamification.frozen_day select * from public.saved where day = '${day}';
     insert into gamification.frozen_day
     select '2031-01-01', pair_day_digest, pair_day_tap_digest, frozen_cell_digest from public.saved limit 1`,
  );
  const more = await database.cli(['verify', '--full', '--repair', '--limit', '1000'], environment);
  expect([more.code, more.stdout]).toEqual([3, expect.stringContaining('day 2031-01-01: row is there')]);
  await database.client.query(
    "delete from gamification.frozen_day where day = '2031-01-01'; drop table public.saved",
  );
  await inSchema('gamification', 'verify', '--full');
});

test('verify finds and repairs a later row, and what follows from frozen days', async () => {
  for (const sql of [
    'update pair_day set tap_count = tap_count + 1 where day = (select max(day) from pair_day)',
    'update area_hour set tap_count = tap_count + 1 where day < $1',
    'delete from user_cell_day where day < $1',
    'update user_day_activity set tap_count = tap_count + 2 where day < $1',
    'update user_streaks set longest_streak_days = 99',
  ]) {
    await database.client.query(sql.replace('$1', `date '${border}'`));
    expect((await database.cli(['verify', '--full'], environment)).code, sql).toBe(3);
    await inSchema('gamification', 'verify', '--full', '--repair');
  }
  await requireRebuilt();
});

test('an erasure does not make a touched row a true one', async () => {
  await database.client.query(
    `create table public.saved as table gamification.pair_day;
     update pair_day set tap_count = tap_count + 5
     where day < '${border}'
       and u1_key = (select user_key from user_key where user_id = '${userId(1)}')
       and u2_key = (select user_key from user_key where user_id = '${userId(2)}')`,
  );
  await database.client.query(`delete from public.users where id = '${userId(9)}'`);
  for (const schema of lived) await inSchema(schema, 'etl', '--date', last);
  const found = await database.cli(['verify', '--full'], environment);
  expect(found.stdout).toMatch(/✗ frozen_day/);
  await database.client.query(
    `update pair_day set tap_count = saved.tap_count from public.saved
     where (pair_day.u1_key, pair_day.u2_key, pair_day.day) = (saved.u1_key, saved.u2_key, saved.day);
     drop table public.saved`,
  );
  await inSchema('gamification', 'verify', '--full', '--repair');
  await requireRebuilt();
});

test('why tells of frozen days from what is stored', async () => {
  const { stdout } = await inSchema(
    'gamification',
    'why',
    'day',
    '--user',
    userId(1),
    '--date',
    addDays(border, -7),
  );
  expect(stdout).not.toMatch(/had 0 taps/);
  await inSchema('gamification', 'why', 'streak', '--user', userId(1));
  for (const kind of ['week', 'rank', 'quest'])
    await inSchema('gamification', 'why', kind, '--user', userId(1), '--date', addDays(border, -7));
});

test('with all taps gone frozen days stand, by truncate with capture too', async () => {
  await database.client.query('create table public.later as table public.taps; truncate public.taps');
  for (const schema of lived) await inSchema(schema, 'etl', '--date', last);
  await requireRebuilt();
  await database.client.query('insert into public.taps table public.later; drop table public.later');
  for (const schema of lived) await inSchema(schema, 'etl', '--date', last);
  await requireRebuilt();
});

test('thaw waits for the taps, and then all follows from them again', async () => {
  expect(await refused('thaw')).toMatch(
    /^2 .*\d+ taps of 3\d frozen days are not in the source: .*arc-gam thaw --force/,
  );
  await database.client.query(
    `insert into public.taps select * from public.archived where time >= ${midnight} - interval '5 days'`,
  );
  const part = await inSchema('gamification', 'thaw', '--from', addDays(border, -4), '--dry-run');
  expect(part.stdout).toMatch(/^4 days \(.*\) would be thawed/);
  const some = await inSchema('gamification', 'thaw', '--from', addDays(border, -4));
  expect(some.stdout).toContain(`All days before ${addDays(border, -4)} stay frozen.`);
  expect(some.stdout).toContain('2 taps that came late will count');
  await database.client.query(
    `insert into public.taps select * from public.archived where time < ${midnight} - interval '5 days'`,
  );
  for (const schema of lived) {
    await inSchema(schema, 'thaw');
    await inSchema(schema, 'etl', '--date', last);
    expect(
      await database.rows(`select 1 from ${schema}.frozen_day union all select 1 from ${schema}.frozen_cell`),
    ).toEqual([]);
    await inSchema(schema, 'verify', '--full');
  }
  await database.client.query('create or replace view public.every_tap as select * from public.taps');
  await requireRebuilt('-infinity');
  expect((await inSchema('gamification', 'thaw')).stdout).toContain('there is nothing to thaw');
});

test('taps that are gone for good go with thaw --force', async () => {
  await inSchema('gamification', 'freeze', '--before', border);
  await database.client.query(`delete from public.taps where time < ${midnight}`);
  expect(await refused('thaw')).toMatch(/^2 /);
  const { stdout } = await inSchema('gamification', 'thaw', '--force');
  expect(stdout).toMatch(/taps that are gone count no longer/);
  for (const schema of lived) await inSchema(schema, 'etl', '--date', last);
  await requireRebuilt('-infinity');
});

test(
  'a follow leaves frozen days alone, counts today, and tells late taps',
  onOneDay(async (small, today) => {
    await addUsers(small, 1, 2, 3);
    for (const back of [6, 5, 4, 1]) await addTap(small, 1, 2, `${addDays(today, -back)}T10:00Z`);
    await small.ok(['capture', 'on']);
    await small.ok(['etl']);
    await small.ok(['freeze', '--before', addDays(today, -2)]);
    await small.client.query('delete from public.taps where time < $1', [addDays(today, -2)]);
    const follow = async () => jsonLines((await small.ok(['follow', '--once', '--json'])).stdout);
    await follow();
    await addTap(small, 1, 3, `${addDays(today, -5)}T10:00Z`);
    await addTap(small, 2, 3, `${today}T00:00Z`);
    await follow();
    expect(
      await small.rows(
        `select (select sum(tap_count) from pair) as taps, (select count(*) from frozen_day) as frozen,
           (select sum(late_tap_count) from frozen_day) as late, (select longest_streak_days from user_streaks where user_id = $1) as streak`,
        [userId(1)],
      ),
    ).toEqual([{ taps: '5', frozen: '4', late: '1', streak: '3' }]);
    await small.client.query('delete from public.users where id = $1', [userId(1)]);
    await follow();
    expect(await small.rows('select sum(tap_count) as taps from pair')).toEqual([{ taps: '1' }]);
    await small.ok(['verify', '--full']);
  }),
);
