import { describe, expect, test } from 'vitest';
import { jsonLines } from '../command/cli.js';
import { addTap, addUsers, type TestDatabase, userId, withDatabase } from '../server/database.js';

const ended = (stdout: string) => jsonLines(stdout).find(({ event }) => event === 'ended');
const all = (database: TestDatabase, table: string) =>
  database.rows(`select count(*) as count from ${table}`);

describe('what counts as a tap', () => {
  test(
    'dirt is ignored everywhere and counted by reason',
    withDatabase(async (database) => {
      await addUsers(database, 1, 2, 3);
      await database.client.query(
        `insert into public.taps (id1, id2, time) values
           ($1, $2, '2026-01-05T10:00Z'), ($1, $2, '2026-01-05T10:00Z'),
           ($1, $1, '2026-01-05T10:01Z'), ($1, $1, '2026-01-06T10:01Z'),
           (null, $2, '2026-01-05T10:02Z'), ($1, null, '2026-01-05T10:03Z'), (null, null, '2026-01-05T10:04Z'),
           ($1, $3, '2026-01-05T10:05Z'),
           ($1, $2, null), ($1, $2, 'infinity'), ($1, $2, '-infinity')`,
        [userId(1), userId(2), userId(9)],
      );
      const { stdout } = await database.ok(['backfill', '--to', '2026-01-06', '--json']);
      expect(ended(stdout)).toMatchObject({
        dayCount: 1 + 1,
        tapCount: 2,
        ignored: { null_time: 3, null_id: 3, self_tap: 2, unknown_user: 1 },
      });
      expect(await database.rows('select user_id, tap_count from user_day_activity order by 1')).toEqual([
        { user_id: userId(1), tap_count: '2' },
        { user_id: userId(2), tap_count: '2' },
      ]);
      const human = await database.ok(['backfill', '--to', '2026-01-06']);
      expect(human.stdout).toContain(
        'Ignored rows of the source: 3 null time, 3 null id, 2 self tap, 1 unknown user',
      );
    }),
  );

  test(
    'the unordered two users are one pair, the smaller id first',
    withDatabase(async (database) => {
      await addUsers(database, 1, 2);
      await addTap(database, 2, 1, '2026-01-05T10:00Z');
      await addTap(database, 1, 2, '2026-01-06T11:00Z');
      await database.ok(['backfill', '--to', '2026-01-06']);
      expect(await database.rows('select * from connection')).toEqual([
        {
          u1: userId(1),
          u2: userId(2),
          first_tap_at: '2026-01-05 10:00:00+00',
          first_day: '2026-01-05',
          last_tap_at: '2026-01-06 11:00:00+00',
          last_day: '2026-01-06',
          tap_count: '2',
        },
      ]);
    }),
  );

  test(
    'two rows of a user do not count a tap twice',
    withDatabase(async (database) => {
      await database.client.query('alter table public.users drop constraint users_pkey cascade');
      await addUsers(database, 1, 1, 2);
      await addTap(database, 1, 2, '2026-01-05T10:00Z');
      await database.ok(['migrate']);
      await database.ok(['backfill', '--to', '2026-01-05']);
      expect(await database.rows('select tap_count from user_day_activity')).toEqual([
        { tap_count: '1' },
        { tap_count: '1' },
      ]);
    }),
  );

  test(
    'an empty table and a single tap',
    withDatabase(async (database) => {
      const empty = await database.ok(['backfill', '--json']);
      // The very first run notes the quests' definitions; after it an empty table is nothing to do.
      expect(ended(empty.stdout)).toMatchObject({ dayCount: 0, asOfDay: null });
      expect(ended((await database.ok(['backfill', '--json'])).stdout)).toMatchObject({
        dayCount: 0,
        asOfDay: null,
        runId: null,
      });
      expect(await all(database, 'processed_day')).toEqual([{ count: '0' }]);
      await database.ok(['etl', '--date', '2026-01-05']);
      expect(await database.rows('select day from processed_day')).toEqual([{ day: '2026-01-05' }]);
      await addUsers(database, 1, 2);
      await addTap(database, 1, 2, '2026-01-07T10:00Z');
      await database.ok(['etl', '--date', '2026-01-07']);
      expect(await database.rows('select day from processed_day order by 1')).toEqual(
        ['2026-01-05', '2026-01-06', '2026-01-07'].map((day) => ({ day })),
      );
      for (const [table, count] of [
        ['user_day_activity', 2],
        ['user_week_activity', 2],
        ['user_streaks', 2],
        ['weekly_leaderboard', 2],
        ['edge_strength', 1],
        ['connection', 1],
      ] as const) {
        expect(await all(database, table), table).toEqual([{ count: String(count) }]);
      }
      expect(
        await database.rows('select taps_90d, strength_f32::numeric(8, 5) as strength from edge_strength'),
      ).toEqual([{ taps_90d: '1', strength: (0.6 * Math.log(2) + 0.4).toFixed(5) }]);
    }),
  );
});

describe('weeks, boards and ties', () => {
  test(
    'a year end belongs to the ISO year of its week',
    withDatabase(async (database) => {
      await addUsers(database, 1, 2);
      for (const day of ['2024-12-29', '2024-12-30', '2026-01-01', '2021-01-03', '2021-01-04']) {
        await addTap(database, 1, 2, `${day}T10:00Z`);
      }
      // 2027-01-01 may lie in the future of the clock, so its week is asked of the function that all steps use.
      await database.ok(['backfill', '--to', '2026-01-01']);
      const weeks = (table: string) =>
        database.rows(`select year, iso_week, week_start from ${table} where user_id = $1 order by 1, 2`, [
          userId(1),
        ]);
      const expected = [
        { year: '2020', iso_week: '53', week_start: '2020-12-28' },
        { year: '2021', iso_week: '1', week_start: '2021-01-04' },
        { year: '2024', iso_week: '52', week_start: '2024-12-23' },
        { year: '2025', iso_week: '1', week_start: '2024-12-30' },
        { year: '2026', iso_week: '1', week_start: '2025-12-29' },
      ];
      expect(await weeks('user_week_activity')).toEqual(expected);
      expect(await weeks('weekly_leaderboard')).toEqual(expected);
      expect(
        await database.rows(
          `select extract(isoyear from monday) as year, extract(week from monday) as week
           from (select week_start(week_number(date '2027-01-01')) as monday) as asked`,
        ),
      ).toEqual([{ year: '2026', week: '53' }]);
      expect(
        await database.rows(
          `select count(*) as wrong from generate_series(date '1999-01-01', date '2040-01-01', '1 day') as given (day)
           where week_start(week_number(given.day::date)) <> date_trunc('week', given.day)::date`,
        ),
      ).toEqual([{ wrong: '0' }]);
    }),
  );

  test(
    'ranks leave gaps after ties and skip zeros; a streak that began before Monday counts in full',
    withDatabase(async (database) => {
      await addUsers(database, 1, 2, 3, 4, 5, 6);
      // Week 2: 1 and 2 meet two new people, 3 and 4 one; 5 and 6 know each other since the week before.
      await addTap(database, 5, 6, '2026-01-03T10:00Z');
      await addTap(database, 5, 6, '2026-01-04T10:00Z');
      await addTap(database, 5, 6, '2026-01-05T10:00Z');
      await addTap(database, 5, 6, '2026-01-07T10:00Z');
      await addTap(database, 1, 2, '2026-01-05T10:00Z');
      await addTap(database, 1, 3, '2026-01-06T10:00Z');
      await addTap(database, 2, 4, '2026-01-07T10:00Z');
      await database.ok(['backfill', '--to', '2026-01-07']);
      expect(
        await database.rows(
          `select right(user_id::text, 1) as id, new_first_degree as met, connectors_rank as met_rank, delta_second_degree as near,
             builders_rank as near_rank, streak_days as streak, streak_rank as streak_rank
           from weekly_leaderboard where week_start = '2026-01-05' order by user_id`,
        ),
      ).toEqual([
        { id: '1', met: '2', met_rank: '1', near: '1', near_rank: '1', streak: '2', streak_rank: '3' },
        { id: '2', met: '2', met_rank: '1', near: '1', near_rank: '1', streak: '1', streak_rank: '4' },
        { id: '3', met: '1', met_rank: '3', near: '1', near_rank: '1', streak: '1', streak_rank: '4' },
        { id: '4', met: '1', met_rank: '3', near: '1', near_rank: '1', streak: '1', streak_rank: '4' },
        { id: '5', met: '0', met_rank: null, near: '0', near_rank: null, streak: '3', streak_rank: '1' },
        { id: '6', met: '0', met_rank: null, near: '0', near_rank: null, streak: '3', streak_rank: '1' },
      ]);
    }),
  );

  test(
    "a friend's friend counts until they become a friend; week by week, at the end of each",
    withDatabase(async (database) => {
      await addUsers(database, 1, 2, 3, 4, 5);
      // Week 2: 1-2, 2-3 (3 is near 1). Week 3: 1-3 (3 becomes a friend), 3-4 (4 is near 1 and 2). Week 4: 1-2 again.
      await addTap(database, 1, 2, '2026-01-05T10:00Z');
      await addTap(database, 2, 3, '2026-01-06T10:00Z');
      await addTap(database, 1, 3, '2026-01-12T10:00Z');
      await addTap(database, 3, 4, '2026-01-18T10:00Z');
      await addTap(database, 1, 2, '2026-01-19T10:00Z');
      await addTap(database, 4, 5, '2026-01-20T10:00Z');
      // Three who all meet within a week are friends at its end: nobody has come near.
      await addUsers(database, 6, 7, 8);
      for (const [one, other] of [
        [6, 7],
        [7, 8],
        [6, 8],
      ] as const)
        await addTap(database, one, other, '2026-01-06T12:00Z');
      const degrees = () =>
        database.rows(
          `select iso_week as week, second_degree_count as near, second_degree_new_count as new from user_week_activity
           where user_id = $1 order by 1`,
          [userId(1)],
        );
      await database.ok(['backfill', '--to', '2026-01-12']);
      // The running week ends with L: on Monday 12th 4 is not there yet.
      expect(await degrees()).toEqual([
        { week: '2', near: '1', new: '1' },
        { week: '3', near: '0', new: '0' },
      ]);
      await database.ok(['etl', '--date', '2026-01-20']);
      expect(
        await database.rows(
          'select distinct second_degree_count as near, second_degree_new_count as new from user_week_activity where user_id = any ($1)',
          [[6, 7, 8].map(userId)],
        ),
      ).toEqual([{ near: '0', new: '0' }]);
      const expected = [
        { week: '2', near: '1', new: '1' },
        { week: '3', near: '1', new: '1' },
        { week: '4', near: '1', new: '0' },
      ];
      expect(await degrees()).toEqual(expected);
      expect(
        await database.rows(
          'select right(user_id::text, 1) as id, second_degree_count as near, second_degree_new_count as new from user_week_activity where iso_week = 4 order by 1',
        ),
      ).toEqual([
        { id: '1', near: '1', new: '0' },
        { id: '2', near: '1', new: '0' },
        { id: '4', near: '2', new: '0' },
        { id: '5', near: '1', new: '1' },
      ]);
    }),
  );

  test(
    'an edge lives for 90 days, L - 89 in and L - 90 out, and decays as time passes',
    withDatabase(async (database) => {
      await addUsers(database, 1, 2, 3, 4);
      await addTap(database, 1, 2, '2026-01-01T23:59:59.999999Z');
      await addTap(database, 1, 3, '2026-01-02T00:00Z');
      await addTap(database, 1, 3, '2026-01-02T00:00Z');
      // 2 and 4 keep their edge when one of their taps leaves the window.
      await addTap(database, 2, 4, '2026-01-01T10:00Z');
      await addTap(database, 2, 4, '2026-01-02T10:00Z');
      const edges = () =>
        database.rows(
          'select right(u2::text, 1) as with, taps_90d as taps, strength_f32::numeric(8, 5) as strength from edge_strength order by 1',
        );
      const strength = (taps: number, days: number) =>
        (0.6 * Math.log(1 + taps) + 0.4 * Math.exp(-days / 21)).toFixed(5);
      await database.ok(['backfill', '--to', '2026-03-31']);
      expect(await edges()).toEqual([
        { with: '2', taps: '1', strength: strength(1, 89) },
        { with: '3', taps: '2', strength: strength(2, 88) },
        { with: '4', taps: '2', strength: strength(2, 88) },
      ]);
      await database.ok(['etl', '--date', '2026-04-01']);
      expect(await edges()).toEqual([
        { with: '3', taps: '2', strength: strength(2, 89) },
        { with: '4', taps: '1', strength: strength(1, 89) },
      ]);
      await database.ok(['etl', '--date', '2026-04-02']);
      expect(await edges()).toEqual([]);
      expect(await all(database, 'connection')).toEqual([{ count: '3' }]);
    }),
  );
});
