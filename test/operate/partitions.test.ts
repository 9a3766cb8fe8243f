import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase, userId } from '../server/database.js';

// The application's taps in 24 monthly partitions, and which of them arc-gam's commands read.

let database: TestDatabase;

const months = Array.from({ length: 24 }, (_, index) => {
  const month = `${2024 + Math.floor(index / 12)}-${String(1 + (index % 12)).padStart(2, '0')}`;
  return { month, partition: `taps_${month.replace('-', '_')}` };
});

beforeAll(async () => {
  database = await createDatabase({ empty: true });
  const { client } = database;
  await client.query(`
    create table public.users (id uuid primary key, name text, home text);
    create table public.taps (
      id uuid not null default gen_random_uuid(), id1 uuid, id2 uuid, time timestamptz not null,
      latitude double precision, longitude double precision
    ) partition by range (time);
    create index taps_time on public.taps (time);`);
  for (const { month, partition } of months)
    await client.query(
      `create table public.${partition} partition of public.taps
       for values from ('${month}-01Z') to (timestamptz '${month}-01Z' + interval '1 month')`,
    );
  await client.query(`
    insert into public.users (id, name)
    select ('00000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid, 'User ' || number
    from generate_series(1, 40) as number;
    insert into public.taps (id1, id2, time, latitude, longitude)
    select ('00000000-0000-4000-8000-' || lpad((1 + n % 40)::text, 12, '0'))::uuid,
      ('00000000-0000-4000-8000-' || lpad((1 + (n * 7 + 1 + n / 40) % 40)::text, 12, '0'))::uuid,
      timestamptz '2024-01-01Z' + n * interval '3 hours', 40.7, -73.9
    from generate_series(0, 5847) as n;
    analyze;`);
  await database.ok(['migrate']);
  await database.ok(['backfill', '--to', '2025-12-30']);
});
afterAll(() => database.drop());

const rowsRead = async (): Promise<Map<string, number>> => {
  // A session tells what it read when it ends, within a second.
  await sleep(1_500);
  const rows = await database.rows<{ partition: string; rows: string }>(
    `select relname as partition, seq_tup_read + coalesce(idx_tup_fetch, 0) as rows
     from pg_stat_user_tables where relname like 'taps\\_20%'`,
  );
  return new Map(rows.map((row) => [row.partition, Number(row.rows)]));
};

/** Planning looks at the ends of an index: a row or two of each partition. */
const planning = 6;

/** Months whose taps a command reads. */
const monthsRead = async (...args: string[]): Promise<string[]> => {
  const before = await rowsRead();
  await database.ok(args);
  const after = await rowsRead();
  return months
    .filter(({ partition }) => (after.get(partition) ?? 0) - (before.get(partition) ?? 0) > planning)
    .map(({ month }) => month);
};

test('the day of a night is read, and nothing else', async () => {
  expect(await monthsRead('etl', '--date', '2025-12-31', '--lookback', '2')).toEqual(['2025-12']);
  await database.client.query('insert into public.taps (id1, id2, time) values ($1, $2, $3)', [
    userId(1),
    userId(2),
    '2025-11-29T12:00Z',
  ]);
  // 41 days back are of two months.
  expect(await monthsRead('etl', '--date', '2025-12-31', '--lookback', '41')).toEqual(['2025-11', '2025-12']);
  expect(
    await monthsRead('backfill', '--from', '2025-12-30', '--to', '2025-12-31', '--lookback', '3'),
  ).toEqual(['2025-12']);
});

test('verify reads the months of its days', async () => {
  expect(await monthsRead('verify', '--date', '2025-06-15')).toEqual(['2025-06']);
  // Five days at most, each with a day before and after it.
  expect((await monthsRead('verify', '--sample', '20')).length).toBeLessThanOrEqual(10);
});

test('status reads the last days', async () => {
  const before = await rowsRead();
  await database.cli(['status']);
  const after = await rowsRead();
  const read = months.filter(
    ({ partition }) => (after.get(partition) ?? 0) - (before.get(partition) ?? 0) > planning,
  );
  expect(read.map(({ month }) => month)).toEqual(['2025-12']);
});

test('frozen months can be detached and dropped: what is left is all that is read', async () => {
  const figures = () =>
    database.rows(
      `select (select sum(tap_count) from gamification.user_day_activity) as taps,
         (select count(*) from gamification.connection) as pairs,
         (select sum(second_degree_count) from gamification.user_week_activity) as near,
         (select md5(string_agg(to_jsonb(board)::text, ' ' order by user_id, week_start)) from gamification.weekly_leaderboard as board) as boards,
         (select md5(string_agg(to_jsonb(progress)::text, ' ' order by user_id, quest_id, week_start)) from gamification.user_quest_progress as progress) as quests`,
    );
  const before = await figures();
  const frozen = months.filter(({ month }) => month < '2025-10');
  // With the day after the border, as days are read everywhere.
  expect(await monthsRead('freeze', '--before', '2025-10-01')).toEqual([
    ...frozen.map(({ month }) => month),
    '2025-10',
  ]);
  for (const { partition } of frozen)
    await database.client.query(`alter table public.taps detach partition public.${partition}`);
  await database.client.query('drop table public.taps_2024_01');
  const left = ['2025-10', '2025-11', '2025-12'];
  expect(await monthsRead('etl', '--date', '2025-12-31')).toEqual(left);
  expect(await figures()).toEqual(before);
  expect(await monthsRead('verify', '--full')).toEqual(left);
  const late = await database.cli(['verify', '--date', '2025-06-15']);
  expect(late.stdout).toContain('1 frozen day held against what was sealed');
  expect(late.code).toBe(0);
});

test('capture stays off: a trigger on the whole would miss what is written to a part', async () => {
  const { code, stderr } = await database.cli(['capture', 'on']);
  expect(code).toBe(2);
  expect(stderr).toContain('is not a plain table');
});
