import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jsonLines } from '../command/cli.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.drop());

/** Adds a quest and takes the shipped ones away, so that only its rows are seen. */
const onlyQuest = async (metric: string, target: number, window = 'week', slug = 'mine'): Promise<void> => {
  await database.client.query('delete from quest_definitions where slug <> $1', [slug]);
  await database.client.query(
    `insert into quest_definitions (slug, title, quest_type, requirements)
     values ($1, 'Mine', 'community', jsonb_build_object('metric', $2::text, 'target', $3::int, 'window', $4::text))`,
    [slug, metric, target, window],
  );
};

/** Progress of a user by number: week, count and when it was completed. */
const progressOf = async (user: number): Promise<[string, number, string | null][]> => {
  const rows = await database.rows<{ week: string; count: string; at: string | null }>(
    `select week_start::text as week, progress ->> 'count' as count,
       to_char(completed_at, 'MM-DD"T"HH24:MI:SS') as at
     from user_quest_progress where user_id = $1 order by 1`,
    [userId(user)],
  );
  return rows.map(({ week, count, at }) => [week, Number(count), at]);
};

const etl = (day: string) => database.ok(['etl', '--date', day]);

/** All that is stored about quests must be what a rebuild of the same source in another database stores. */
const expectRebuildEqual = async (day: string): Promise<void> => {
  const other = await createDatabase();
  try {
    await other.client.query('delete from quest_definitions');
    for (const table of ['public.users', 'public.taps', 'quest_definitions']) {
      const rows = await database.rows<{ row: string }>(
        `select to_jsonb(${table.split('.').at(-1)})::text as row from ${table}`,
      );
      await other.client.query(
        `insert into ${table} select given.* from unnest($1::text[]) as text (row)
         cross join lateral jsonb_populate_record(null::${table}, text.row::jsonb) as given`,
        [rows.map(({ row }) => row)],
      );
    }
    await other.ok(['backfill', '--to', day]);
    const stored = 'select * from user_quest_progress order by user_id, quest_id, week_start';
    expect(await database.rows(stored)).toEqual(await other.rows(stored));
  } finally {
    await other.drop();
  }
};

// 2026-01-05 is a Monday.
describe('metrics', () => {
  test('taps: the time of the tap with which the target is reached, also between the first and last of a pair', async () => {
    await onlyQuest('taps', 3);
    await addUsers(database, 1, 2, 3, 4, 5);
    // One tap between the first and the last is the fewest whose time a pair's day does not have.
    for (const time of ['10:00', '11:00', '12:00']) await addTap(database, 4, 5, `2026-01-05T${time}Z`);
    for (const time of ['10:00', '11:00', '13:00', '14:00'])
      await addTap(database, 1, 2, `2026-01-05T${time}Z`);
    await addTap(database, 1, 3, '2026-01-05T12:00Z');
    await addTap(database, 1, 3, '2026-01-12T12:00Z');
    await etl('2026-01-12');
    expect(await progressOf(1)).toEqual([
      ['2026-01-05', 5, '01-05T12:00:00'],
      ['2026-01-12', 1, null],
    ]);
    expect(await progressOf(2)).toEqual([['2026-01-05', 4, '01-05T13:00:00']]);
    expect(await progressOf(4)).toEqual([['2026-01-05', 3, '01-05T12:00:00']]);
    // Only a tap in the middle of a pair's day moves: no total, no first and no last tap changes.
    await database.client.query(
      "update taps set time = '2026-01-05T13:30Z' where time = '2026-01-05T13:00Z'",
    );
    await etl('2026-01-12');
    expect(await progressOf(2)).toEqual([['2026-01-05', 4, '01-05T13:30:00']]);
    await expectRebuildEqual('2026-01-12');
  });

  test('a day window counts the best day; it is completed when the first day reaches the target', async () => {
    await onlyQuest('taps', 2, 'day');
    await addUsers(database, 1, 2);
    for (const time of ['05T10:00', '06T10:00', '06T11:00', '08T10:00', '08T10:01', '08T10:02'])
      await addTap(database, 1, 2, `2026-01-${time}Z`);
    await etl('2026-01-11');
    expect(await progressOf(1)).toEqual([['2026-01-05', 3, '01-06T11:00:00']]);
  });

  test('a weekend is its Saturday and Sunday', async () => {
    await onlyQuest('new_people', 2, 'weekend');
    await addUsers(database, 1, 2, 3, 4, 5);
    await addTap(database, 1, 2, '2026-01-09T23:00Z');
    await addTap(database, 1, 3, '2026-01-10T00:00Z');
    await addTap(database, 1, 4, '2026-01-11T23:59Z');
    await addTap(database, 1, 5, '2026-01-12T00:00Z');
    await etl('2026-01-12');
    expect(await progressOf(1)).toEqual([['2026-01-05', 2, '01-11T23:59:00']]);
    expect(await progressOf(2)).toEqual([]);
  });

  test('active_days and new_people: the first tap of the day, or with the partner, that reaches the target', async () => {
    await onlyQuest('active_days', 2);
    await addUsers(database, 1, 2);
    for (const time of ['05T10:00', '05T11:00', '07T09:00', '07T12:00'])
      await addTap(database, 1, 2, `2026-01-${time}Z`);
    await etl('2026-01-07');
    expect(await progressOf(1)).toEqual([['2026-01-05', 2, '01-07T09:00:00']]);
    await onlyQuest('new_people', 1, 'week', 'other');
    await etl('2026-01-07');
    expect(await progressOf(1)).toEqual([['2026-01-05', 1, '01-05T10:00:00']]);
  });

  test('streak_days: a run from the week before counts in full; a day that comes or goes reaches later weeks', async () => {
    await onlyQuest('streak_days', 4);
    await addUsers(database, 1, 2);
    for (const day of ['03', '04', '05', '06']) await addTap(database, 1, 2, `2026-01-${day}T10:00Z`);
    await etl('2026-01-12');
    expect(await progressOf(1)).toEqual([
      ['2025-12-29', 2, null],
      ['2026-01-05', 4, '01-06T10:00:00'],
    ]);
    await addTap(database, 1, 2, '2026-01-02T10:00Z');
    await etl('2026-01-12');
    expect(await progressOf(1)).toEqual([
      ['2025-12-29', 3, null],
      ['2026-01-05', 5, '01-05T10:00:00'],
    ]);
    await database.client.query("delete from taps where time = '2026-01-04T10:00Z'");
    await etl('2026-01-12');
    expect(await progressOf(1)).toEqual([
      ['2025-12-29', 2, null],
      ['2026-01-05', 2, null],
    ]);
    await expectRebuildEqual('2026-01-12');
  });

  test('reconnections: 30 days apart is one, 29 is none; what lay before decides in a later week', async () => {
    await onlyQuest('reconnections', 1);
    await addUsers(database, 1, 2, 3);
    await addTap(database, 1, 2, '2026-01-05T10:00Z');
    await addTap(database, 1, 2, '2026-02-04T10:00Z');
    await addTap(database, 1, 3, '2026-01-06T10:00Z');
    await addTap(database, 1, 3, '2026-02-04T12:00Z');
    await etl('2026-02-08');
    expect(await progressOf(1)).toEqual([['2026-02-02', 1, '02-04T10:00:00']]);
    expect(await progressOf(3)).toEqual([]);
    await addTap(database, 1, 2, '2026-01-20T10:00Z');
    await etl('2026-02-08');
    expect(await progressOf(1)).toEqual([]);
    await database.client.query("delete from taps where time < '2026-02-01'");
    await addTap(database, 1, 2, '2026-01-05T10:00Z');
    await etl('2026-02-08');
    expect(await progressOf(2)).toEqual([['2026-02-02', 1, '02-04T10:00:00']]);
    await expectRebuildEqual('2026-02-08');
  });

  test('new_areas: the first tap in a cell; coordinates that change are followed', async () => {
    await onlyQuest('new_areas', 2);
    await addUsers(database, 1, 2);
    const tapAt = (time: string, latitude: number | null, longitude: number | null) =>
      database.client.query(
        'insert into taps (id1, id2, time, latitude, longitude) values ($1, $2, $3, $4, $5)',
        [userId(1), userId(2), time, latitude, longitude],
      );
    await tapAt('2026-01-05T10:00Z', 40.75, -73.99);
    await tapAt('2026-01-05T11:00Z', 40.75, -73.99);
    await tapAt('2026-01-06T11:00Z', 0, 0);
    await tapAt('2026-01-06T12:00Z', 51.5, null);
    await tapAt('2026-01-07T10:00Z', 51.5, -0.12);
    await tapAt('2026-01-13T10:00Z', 40.75, -73.99);
    await etl('2026-01-13');
    expect(await progressOf(1)).toEqual([['2026-01-05', 2, '01-07T10:00:00']]);
    await database.client.query("update taps set latitude = -33.9 where time < '2026-01-06'");
    await etl('2026-01-13');
    expect(await progressOf(1)).toEqual([
      ['2026-01-05', 2, '01-07T10:00:00'],
      ['2026-01-12', 1, null],
    ]);
    await database.client.query("update taps set latitude = null where time < '2026-01-06'");
    await etl('2026-01-13');
    expect(await progressOf(2)).toEqual([
      ['2026-01-05', 1, null],
      ['2026-01-12', 1, null],
    ]);
    await expectRebuildEqual('2026-01-13');
  });

  test('assists: two friends meet on a later day; each of the three connections can change it', async () => {
    await onlyQuest('assists', 1);
    await addUsers(database, 1, 2, 3);
    await addTap(database, 1, 2, '2026-01-05T10:00Z');
    await addTap(database, 1, 3, '2026-01-06T10:00Z');
    await addTap(database, 2, 3, '2026-01-12T10:00Z');
    await etl('2026-01-18');
    expect(await progressOf(1)).toEqual([['2026-01-12', 1, '01-12T10:00:00']]);
    expect(await progressOf(2)).toEqual([]);
    // The same day is not an earlier day.
    await database.client.query(
      "update taps set time = '2026-01-12T09:00Z' where time = '2026-01-06T10:00Z'",
    );
    await etl('2026-01-18');
    expect(await progressOf(1)).toEqual([]);
    // Now the connection of 1 and 3 is the last: it is 2 who brought them together.
    await database.client.query(
      "update taps set time = '2026-01-15T09:00Z' where time = '2026-01-12T09:00Z'",
    );
    await etl('2026-01-18');
    expect(await progressOf(1)).toEqual([]);
    expect(await progressOf(2)).toEqual([['2026-01-12', 1, '01-15T09:00:00']]);
    await expectRebuildEqual('2026-01-18');
    await database.client.query('delete from users where id = $1', [userId(2)]);
    await etl('2026-01-18');
    expect(await database.rows('select * from user_quest_progress')).toEqual([]);
  });
});

describe('definitions', () => {
  test('a change, a retirement and a deletion take effect at the next run, with no day stale', async () => {
    await onlyQuest('taps', 2);
    await addUsers(database, 1, 2);
    for (const day of ['05', '06', '12', '13', '19']) await addTap(database, 1, 2, `2026-01-${day}T10:00Z`);
    await etl('2026-01-19');
    const weeks = ['2026-01-05', '2026-01-12', '2026-01-19'];
    expect((await progressOf(1)).map(([week]) => week)).toEqual(weeks);
    await database.client.query(
      `update quest_definitions set requirements = jsonb_set(requirements, '{target}', '1')`,
    );
    await etl('2026-01-19');
    expect(await progressOf(1)).toEqual([
      ['2026-01-05', 2, '01-05T10:00:00'],
      ['2026-01-12', 2, '01-12T10:00:00'],
      ['2026-01-19', 1, '01-19T10:00:00'],
    ]);
    await database.client.query("update quest_definitions set active_until = '2026-01-12'");
    await etl('2026-01-19');
    expect((await progressOf(1)).map(([week]) => week)).toEqual(['2026-01-05', '2026-01-12']);
    await database.client.query("update quest_definitions set active_from = '2026-01-06'");
    await etl('2026-01-19');
    expect((await progressOf(1)).map(([week]) => week)).toEqual(['2026-01-12']);
    await database.client.query(
      `update quest_definitions set active_from = null, requirements = jsonb_set(requirements, '{metric}', '"streak_days"')`,
    );
    await etl('2026-01-19');
    expect((await progressOf(1)).map(([week, count]) => [week, count])).toEqual([
      ['2026-01-05', 2],
      ['2026-01-12', 2],
    ]);
    await expectRebuildEqual('2026-01-19');
    await database.client.query('update quest_definitions set is_active = false');
    await etl('2026-01-19');
    expect(await progressOf(1)).toEqual([]);
  });

  test('progress goes with its quest: deleted by a role that may touch nothing else, deleted in mid-run, truncated', async () => {
    await onlyQuest('taps', 1);
    await addUsers(database, 1, 2);
    await addTap(database, 1, 2, '2026-01-05T10:00Z');
    await etl('2026-01-05');
    const operator = `arc_gam_operator_${process.pid}`;
    await database.client.query(`create role ${operator}`);
    try {
      await database.client.query(`grant usage on schema gamification to ${operator}`);
      await database.client.query(`grant select, delete on quest_definitions to ${operator}`);
      // Their own search path: the trigger must not follow it.
      await database.client.query(`set search_path = pg_catalog; set role ${operator}`);
      await database.client.query('delete from gamification.quest_definitions');
    } finally {
      await database.client.query('reset role; set search_path = gamification, public');
      await database.client.query(`drop owned by ${operator}; drop role ${operator}`);
    }
    expect(await progressOf(1)).toEqual([]);

    // A batch that is under way has written rows that nobody else sees yet.
    await onlyQuest('taps', 1);
    await etl('2026-01-05');
    const batch = new pg.Client({ connectionString: database.url });
    await batch.connect();
    await batch.query('begin; set search_path = gamification; lock table processed_day in exclusive mode');
    await batch.query(
      'insert into user_quest_progress select user_id, quest_id, week_start + 7, progress, completed_at from user_quest_progress',
    );
    const deletion = database.client.query('delete from quest_definitions');
    await expect
      .poll(
        () =>
          batch.query(
            `select from pg_locks where not granted and relation = 'processed_day'::regclass
             and database = (select oid from pg_database where datname = current_database())`,
          ),
        { timeout: 20_000 },
      )
      .toMatchObject({ rowCount: 1 });
    await batch.query('commit');
    await batch.end();
    await deletion;
    expect(await progressOf(1)).toEqual([]);

    await onlyQuest('taps', 1);
    await etl('2026-01-05');
    expect(await progressOf(1)).toHaveLength(1);
    // Its snapshot would not have what a run writes meanwhile.
    await database.client.query('begin isolation level repeatable read');
    await expect(database.client.query('delete from quest_definitions')).rejects.toThrow('read committed');
    await database.client.query('rollback');
    await database.client.query('truncate quest_definitions cascade');
    expect(await progressOf(1)).toEqual([]);
  });

  test('a second run writes no row', async () => {
    await addUsers(database, 1, 2, 3);
    await addTap(database, 1, 2, '2026-01-05T10:00Z');
    await addTap(database, 1, 3, '2026-01-05T10:00Z');
    await etl('2026-01-05');
    const versions = () =>
      database.rows(
        'select xmin::text, * from user_quest_progress union all select xmin::text, quest_id, quest_id, null, null, null from quest_derived order by 1, 2, 3',
      );
    const before = await versions();
    expect(before.length).toBeGreaterThan(8);
    await etl('2026-01-05');
    expect(await versions()).toEqual(before);
  });

  test('a plain INSERT is enough, and eight quests are shipped', async () => {
    await database.client.query(
      `insert into quest_definitions (slug, title, quest_type, requirements)
       values ('busy-day', 'Busy day', 'community', '{"metric": "taps", "target": 10, "window": "day"}')`,
    );
    const rows = await database.rows(
      "select description, rewards::text, is_active from quest_definitions where slug = 'busy-day'",
    );
    expect(rows).toEqual([{ description: '', rewards: '{}', is_active: 't' }]);
    const [{ count } = {}] = await database.rows('select count(*) from quest_definitions');
    expect(count).toBe('9');
  });

  const refused: [string, string, string][] = [
    ['an unknown metric', '{"metric": "hugs", "target": 1, "window": "week"}', 'quest_metric_is_known'],
    ['a metric that is null', '{"metric": null, "target": 1, "window": "week"}', 'quest_metric_is_known'],
    [
      'a target of 0',
      '{"metric": "taps", "target": 0, "window": "week"}',
      'quest_target_is_a_positive_whole_number',
    ],
    [
      'a target of 1.5',
      '{"metric": "taps", "target": 1.5, "window": "week"}',
      'quest_target_is_a_positive_whole_number',
    ],
    [
      'a target as text',
      '{"metric": "taps", "target": "3", "window": "week"}',
      'quest_target_is_a_positive_whole_number',
    ],
    [
      'an unknown window',
      '{"metric": "taps", "target": 1, "window": "month"}',
      'quest_window_is_week_weekend_or_day',
    ],
    [
      'a missing window',
      '{"metric": "taps", "target": 1}',
      'quest_requirements_have_metric_target_window_only',
    ],
    [
      'another key',
      '{"metric": "taps", "target": 1, "window": "day", "min": 1}',
      'quest_requirements_have_metric_target_window_only',
    ],
    ['an array', '[1]', 'quest_requirements_have_metric_target_window_only'],
  ];
  test.each(refused)('%s is refused', async (_what, requirements, constraint) => {
    const insert = database.client.query(
      "insert into quest_definitions (slug, title, quest_type, requirements) values ('x', 'X', 'explore', $1)",
      [requirements],
    );
    // Several may be violated at once; which one is named first goes by the alphabet.
    await expect(insert).rejects.toMatchObject({
      code: '23514',
      constraint: expect.stringMatching(/^quest_/),
    });
    await expect(insert).rejects.toMatchObject({
      constraint:
        requirements === '[1]' || !requirements.includes('window": "') ? expect.any(String) : constraint,
    });
  });

  test('an unknown type, a blank title and bounds out of order are refused', async () => {
    const insert = (values: string) =>
      database.client.query(
        `insert into quest_definitions (slug, title, quest_type, active_from, active_until, requirements)
         values (${values}, '{"metric": "taps", "target": 1, "window": "day"}')`,
      );
    await expect(insert("'x', 'X', 'fun', null, null")).rejects.toMatchObject({
      constraint: 'quest_type_is_reconnect_explore_or_community',
    });
    await expect(insert("'x', ' ', 'explore', null, null")).rejects.toMatchObject({
      constraint: 'quest_title_is_not_blank',
    });
    await expect(insert("'x', 'X', 'explore', '2026-02-01', '2026-01-01'")).rejects.toMatchObject({
      constraint: 'quest_active_from_is_not_after_active_until',
    });
    await expect(insert("'X y', 'X', 'explore', null, null")).rejects.toMatchObject({
      constraint: 'quest_slug_is_lower_case_words_with_hyphens',
    });
  });
});

test("quests lists what is active in the as-of day's week", async () => {
  await addUsers(database, 1, 2, 3, 4);
  for (const other of [2, 3, 4]) await addTap(database, 1, other, '2026-01-05T10:00Z');
  await database.client.query(
    "update quest_definitions set active_until = '2025-12-29' where slug = 'new-ground'",
  );
  await etl('2026-01-06');
  const quests = jsonLines((await database.ok(['quests', '--json'])).stdout);
  expect(quests).toHaveLength(7);
  expect(quests.find(({ slug }) => slug === 'daily-connector')).toEqual({
    event: 'quest',
    slug: 'daily-connector',
    title: 'Daily Connector',
    type: 'community',
    metric: 'new_people',
    target: 3,
    window: 'day',
    week_start: '2026-01-05',
    users: 4,
    completed: 1,
  });
});

test('geohash5 names the cell of a place, with edges and the neighbourhood of zero', async () => {
  const [cells] = await database.rows(
    `select geohash5(57.64911, 10.40744) as jutland, geohash5(-25.382708, -49.265506) as brazil,
       geohash5(90, 180) as last, geohash5(-90, -180) as first, geohash5(-1e-20, 1e-20) as zero, geohash5(null, 1) as none`,
  );
  expect(cells).toEqual({
    jutland: 'u4pru',
    brazil: '6gkzw',
    last: 'zzzzz',
    first: '00000',
    zero: 'kpbpb',
    none: null,
  });
});
