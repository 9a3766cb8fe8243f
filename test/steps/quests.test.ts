import { describe, test } from 'vitest';
import { addDays } from '../../src/pipeline/plan.js';
import { stepCases } from './given.js';

const step = stepCases();

// The week of Monday 2026-02-02; its weekend is the 7th and the 8th.
const week = '2026-02-02';
const scopeOf = (metrics: string, ...users: number[]) =>
  ['user_key week metrics', ...users.map((user) => `${user} ${week} ${metrics}`)].join('\n');
const event = 'metric user_key week day tapped_at';
const figure = 'metric user_key week in_week on_weekend on_best_day';
const q1 = 'a0000000-0000-4000-8000-000000000001';
const q2 = 'a0000000-0000-4000-8000-000000000002';
const q3 = 'a0000000-0000-4000-8000-000000000003';
const q4 = 'a0000000-0000-4000-8000-000000000004';
const rule = (id: string, metric: string, target: number, window: string) =>
  `quest_id slug metric target quest_window is_active active_from active_until digest
   ${id} quest ${metric} ${target} ${window} t -infinity infinity d`;
const questsOf = (...metrics: string[]) =>
  [
    'quest_id week metric quest_window target',
    ...metrics.map((metric) => `${q1} ${week} ${metric} week 1`),
  ].join('\n');

/**
 * Steps read whole weeks for many users and look few up one by one: both must say the same. Many are made by users of
 * whom nothing else is known, enough for two weeks.
 */
const sizes = [
  ['few', 0],
  ['many', 250],
] as const;
const withCrowd = (literal: string, count: number, row: (user: number) => string) =>
  [literal, ...Array.from({ length: count }, (_, index) => row(1000 + index))].join('\n');
const scopeWithCrowd = (literal: string, count: number) =>
  withCrowd(literal, count, (user) => `${user} ${week} -`);

describe('quest_scope', () => {
  // Of those from 3 on, the days that changed themselves are left out: theirs are the weeks that depend on them.
  const given = {
    changed_user_day: `
      user_id day        was_active is_active
      u1      2026-02-08 f          t
      u1      2026-02-09 f          t
      u2      2026-02-04 f          t`,
    changed_run: `
      user_id from_day   to_day
      u2      2026-02-04 2026-02-16`,
    changed_pair_day: `
      u1_key u2_key day        tap_count
      3      4      2026-01-20 1
      5      6      2026-01-21 -
      5      6      2026-01-28 -
      7      8      2026-01-22 1`,
    pair_day: `
      u1_key u2_key day        tap_count first_tap_at      last_tap_at
      3      4      2026-01-12 1         2026-01-12T10:00Z 2026-01-12T10:00Z
      3      4      2026-01-20 1         2026-01-20T10:00Z 2026-01-20T10:00Z
      3      4      2026-03-02 1         2026-03-02T10:00Z 2026-03-02T10:00Z
      3      4      2026-03-20 1         2026-03-20T10:00Z 2026-03-20T10:00Z
      5      6      2026-02-11 1         2026-02-11T10:00Z 2026-02-11T10:00Z
      7      8      2026-01-12 1         2026-01-12T10:00Z 2026-01-12T10:00Z
      7      8      2026-01-22 1         2026-01-22T10:00Z 2026-01-22T10:00Z`,
    pair: `
      u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
      3      4      2026-01-12T10:00Z 2026-01-12 2026-03-20T10:00Z 2026-03-20 4
      5      6      2026-02-11T10:00Z 2026-02-11 2026-02-11T10:00Z 2026-02-11 1
      7      8      2026-01-12T10:00Z 2026-01-12 2026-01-22T10:00Z 2026-01-22 2`,
    changed_pair_tap: `
      u1_key u2_key day
      7      8      2026-02-10`,
    changed_user_cell: `
      user_key old_first_day new_first_day
      9        2026-01-20    2026-02-03
      9        -             2026-02-04`,
  };
  const own = `
    user_key week       metrics
    1        2026-02-02 -
    1        2026-02-09 -
    2        2026-02-02 -`;

  test('the weeks of changed days, of runs after them, of a pair on its next day, of taps and of cells', () =>
    step('quest_scope', {
      params: { is_later: false },
      given,
      expected: {
        quest_scope: `
          ${own}
          2        2026-02-09 -
          2        2026-02-16 -
          3        2026-03-02 -
          4        2026-03-02 -
          5        2026-02-09 -
          6        2026-02-09 -
          7        2026-02-09 -
          8        2026-02-09 -
          9        2026-01-19 -
          9        2026-02-02 -`,
      },
    }));

  test('of days that all come later, only their own weeks', () =>
    step('quest_scope', { params: { is_later: true }, given, expected: { quest_scope: own } }));

  const user_week_activity = `
    user_id year iso_week tap_count first_degree_new_count second_degree_count second_degree_new_count
    u1      2026 6        1         0                      0                   0
    u1      2026 5        1         0                      0                   0
    u2      2026 6        1         0                      0                   0`;
  const changed_user_day = `
    user_id day        was_active is_active
    u1      2026-02-02 f          t`;

  test('a quest with another rule brings all weeks of all users, for its metric', () =>
    step('quest_scope', {
      params: { is_later: true },
      given: {
        user_week_activity,
        changed_user_day,
        changed_quest: `
          quest_id metric
          ${q1}    taps
          ${q2}    new_people
          ${q3}    assists
          ${q4}    taps`,
      },
      expected: {
        quest_scope: `
          user_key week       metrics
          1        2026-01-26 {new_people,taps}
          1        2026-02-02 -
          2        2026-02-02 {new_people,taps}`,
      },
    }));

  test('but assists have a scope of their own', () =>
    step('quest_scope', {
      params: { is_later: true },
      given: { user_week_activity, changed_user_day, changed_quest: `quest_id metric\n ${q3} assists` },
      expected: { quest_scope: 'user_key week metrics\n 1 2026-02-02 -' },
    }));
});

describe('quest_scope_assists', () => {
  const quest_rule = rule(q1, 'assists', 10, 'week');
  const scope = 'user_key week metrics';
  const scopeOfAssists = [
    'assist_part',
    'assist_since',
    'assist_adjacent',
    'assist_touched',
    'made_week',
    'quest_scope_assists',
  ];
  // 1 knew both 2 and 3, who met in the week; 4 knows nobody of them.
  const pair = (day: string) => `
    u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
    1      2      2026-01-01T10:00Z 2026-01-01 2026-01-01T10:00Z 2026-01-01 1
    1      3      2026-01-08T10:00Z 2026-01-08 2026-01-08T10:00Z 2026-01-08 1
    2      3      ${day}T10:00Z     ${day}     ${day}T10:00Z     ${day}     1
    4      5      2026-02-07T10:00Z 2026-02-07 2026-02-07T10:00Z 2026-02-07 1`;
  const friend = (day: string) => `
    user_key friend_key first_day
    1        2          2026-01-01
    2        1          2026-01-01
    1        3          2026-01-08
    3        1          2026-01-08
    2        3          ${day}
    3        2          ${day}
    4        5          2026-02-07
    5        4          2026-02-07`;
  const made = (before: string, now: string) =>
    `u1_key u2_key old_first_day new_first_day\n 2 3 ${before} ${now}`;

  test('whoever knows both of two who met, in the week in which they did', () =>
    step(scopeOfAssists, {
      given: {
        quest_rule,
        pair: pair('2026-02-03'),
        friend: friend('2026-02-03'),
        changed_pair: made('-', '2026-02-03'),
      },
      expected: { quest_scope: `${scope}\n 1 2026-02-02 {assists}` },
    }));

  test('where a first tap moved, before and now, and the two where it came to be before the others', () =>
    step(scopeOfAssists, {
      given: {
        quest_rule,
        pair: `${pair('2026-01-05')}
          4 6 2026-02-08T10:00Z 2026-02-08 2026-02-08T10:00Z 2026-02-08 1`,
        friend: friend('2026-01-05'),
        changed_pair: made('2026-02-03', '2026-01-05'),
      },
      expected: {
        quest_scope: `
          ${scope}
          1 2026-01-05 {assists}
          1 2026-02-02 {assists}
          2 2026-01-05 {assists}`,
      },
    }));

  test('nobody without a quest that counts assists', () =>
    step(scopeOfAssists, {
      given: {
        quest_rule: rule(q1, 'taps', 10, 'week'),
        pair: pair('2026-02-03'),
        friend: friend('2026-02-03'),
        changed_pair: made('-', '2026-02-03'),
      },
      expected: { quest_scope: scope },
    }));

  test('everybody in the weeks since, in which connections are made, where most of these have changed', () =>
    step(scopeOfAssists, {
      given: {
        quest_rule,
        user_key: 'user_key user_id\n 1 u1\n 2 u2\n 3 u3',
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          1      2      2026-02-01T10:00Z 2026-02-01 2026-02-01T10:00Z 2026-02-01 1
          1      3      2026-02-02T10:00Z 2026-02-02 2026-02-02T10:00Z 2026-02-02 1
          2      3      2026-02-16T10:00Z 2026-02-16 2026-02-16T10:00Z 2026-02-16 1`,
        changed_pair: `
          u1_key u2_key old_first_day new_first_day
          1      3      -             2026-02-02
          2      3      -             2026-02-16`,
      },
      expected: {
        quest_scope: `
          ${scope}
          1 2026-02-02 {assists}
          1 2026-02-16 {assists}
          2 2026-02-02 {assists}
          2 2026-02-16 {assists}
          3 2026-02-02 {assists}
          3 2026-02-16 {assists}`,
      },
    }));

  test('everybody in all weeks in which connections were made, for a quest with another rule', () =>
    step(scopeOfAssists, {
      given: {
        quest_rule,
        user_key: 'user_key user_id\n 1 u1\n 4 u4',
        pair: pair('2026-02-03'),
        changed_quest: `quest_id metric\n ${q1} assists`,
      },
      expected: {
        quest_scope: `
          ${scope}
          1 2025-12-29 {assists}
          1 2026-01-05 {assists}
          1 2026-02-02 {assists}
          4 2025-12-29 {assists}
          4 2026-01-05 {assists}
          4 2026-02-02 {assists}`,
      },
    }));
});

describe('quest_week', () => {
  test('a quest is active in weeks whose Monday is within its bounds, both included', () =>
    step('quest_week', {
      given: {
        quest_scope: 'user_key week metrics\n 1 2026-02-02 -\n 2 2026-02-02 -\n 1 2026-02-09 {assists}',
        quest_rule: `
          quest_id slug metric target quest_window is_active active_from active_until digest
          ${q1}    from taps   25     week         t         2026-02-02  2026-02-08   d
          ${q2}    till taps   3      day          t         -infinity   2026-02-01   d
          ${q3}    late taps   5      weekend      t         2026-02-03  2026-02-09   d
          ${q4}    not  taps   5      week         f         -infinity   infinity     d`,
      },
      expected: {
        quest_week: `
          quest_id week       metric quest_window target
          ${q1}    2026-02-02 taps   week         25
          ${q3}    2026-02-09 taps   weekend      5`,
      },
    }));
});

describe.each(sizes)('quest_days, of %s users', (_, crowd) => {
  const given = {
    quest_scope: scopeWithCrowd(
      `
      user_key week       metrics
      1        2026-02-02 -
      2        2026-02-02 -
      2        2026-02-09 -
      3        2026-02-02 {taps,streak_days}
      4        2026-02-02 {assists}`,
      crowd,
    ),
    user_day_activity: `
      user_id day        tap_count first_degree_new_count
      u1      2026-02-01 99        99
      u1      2026-02-02 6         1
      u1      2026-02-06 3         4
      u1      2026-02-07 2         2
      u1      2026-02-08 4         0
      u1      2026-02-09 99        99
      u2      2026-02-06 2         0
      u2      2026-02-15 3         1
      u3      2026-02-07 5         1
      u4      2026-02-07 5         1
      u5      2026-02-07 5         1`,
  };

  test('the days of the user, from Monday to Sunday, on Saturday and Sunday, and the best', () =>
    step('quest_days', {
      given: { ...given, quest_week: questsOf('taps', 'active_days', 'new_people') },
      expected: {
        quest_figure: `
          ${figure}
          taps        1 2026-02-02 15 6 6
          active_days 1 2026-02-02 4  2 1
          new_people  1 2026-02-02 7  2 4
          taps        2 2026-02-02 2  0 2
          active_days 2 2026-02-02 1  0 1
          taps        2 2026-02-09 3  3 3
          active_days 2 2026-02-09 1  1 1
          new_people  2 2026-02-09 1  1 1
          taps        3 2026-02-02 5  5 5`,
      },
    }));

  test('only metrics that a quest counts', () =>
    step('quest_days', {
      given: { ...given, quest_week: questsOf('new_people', 'assists') },
      expected: {
        quest_figure: `
          ${figure}
          new_people  1 2026-02-02 7  2 4
          new_people  2 2026-02-09 1  1 1`,
      },
    }));
});

describe.each(sizes)('quest_areas, of %s users', (_, crowd) => {
  const given = {
    quest_scope: scopeWithCrowd(
      `
      user_key week       metrics
      1        2026-02-02 -
      2        2026-02-09 -
      3        2026-02-02 {taps}
      4        2026-02-02 {new_areas}`,
      crowd,
    ),
    user_cell: `
      user_key geohash5 first_day  first_tap_at
      1        dr5re    2026-02-02 2026-02-02T00:00Z
      1        dr5rf    2026-02-08 2026-02-08T23:59Z
      1        gcpvj    2026-02-01 2026-02-01T10:00Z
      1        gcpvk    2026-02-09 2026-02-09T00:00Z
      2        u33db    2026-02-03 2026-02-03T10:00Z
      2        u33dc    2026-02-09 2026-02-09T10:00Z
      3        u33db    2026-02-03 2026-02-03T10:00Z
      4        u33db    2026-02-04 2026-02-04T10:00Z
      5        u33db    2026-02-05 2026-02-05T10:00Z`,
  };

  test('the first tap ever in a cell, in its week', () =>
    step('quest_areas', {
      given: { ...given, quest_week: questsOf('new_areas') },
      expected: {
        quest_event: `
          ${event}
          new_areas 1 2026-02-02 2026-02-02 2026-02-02T00:00Z
          new_areas 1 2026-02-02 2026-02-08 2026-02-08T23:59Z
          new_areas 2 2026-02-09 2026-02-09 2026-02-09T10:00Z
          new_areas 4 2026-02-02 2026-02-04 2026-02-04T10:00Z`,
      },
    }));

  test('nothing without a quest that counts them', () =>
    step('quest_areas', {
      given: { ...given, quest_week: questsOf('taps') },
      expected: { quest_event: event },
    }));
});

describe.each(sizes)('quest_reconnections, of %s users', (_, crowd) => {
  const given = {
    // Both of 1 and 2, one of the others.
    quest_scope: scopeWithCrowd(
      `
      user_key week       metrics
      1        2026-02-02 -
      2        2026-02-02 {reconnections}
      3        2026-02-02 {taps}
      6        2026-02-02 -
      8        2026-02-09 -`,
      crowd,
    ),
    pair: `
      u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
      1      2      2026-01-04T10:00Z 2026-01-04 2026-02-04T10:00Z 2026-02-04 3
      1      3      2025-12-01T10:00Z 2025-12-01 2026-02-04T11:00Z 2026-02-04 3
      1      4      2026-02-04T12:00Z 2026-02-04 2026-02-05T12:00Z 2026-02-05 2
      1      5      2026-01-06T12:00Z 2026-01-06 2026-02-04T12:00Z 2026-02-04 2
      5      6      2025-12-01T10:00Z 2025-12-01 2026-02-08T23:59Z 2026-02-08 2
      6      7      2025-12-01T10:00Z 2025-12-01 2026-02-01T23:59Z 2026-02-01 2
      6      8      2025-12-01T10:00Z 2025-12-01 2026-02-09T10:00Z 2026-02-09 2`,
    // 1 and 2: 30 days and no tap on the 29 between; the day after is none. 1 and 3: 29 days. 1 and 4 meet;
    // 1 and 5 have known each other for 29 days.
    pair_day: `
      u1_key u2_key day        tap_count first_tap_at      last_tap_at
      1      2      2026-01-04 1         2026-01-04T10:00Z 2026-01-04T10:00Z
      1      2      2026-02-03 1         2026-02-03T10:00Z 2026-02-03T10:00Z
      1      2      2026-02-04 1         2026-02-04T10:00Z 2026-02-04T10:00Z
      1      3      2025-12-01 1         2025-12-01T10:00Z 2025-12-01T10:00Z
      1      3      2026-01-06 1         2026-01-06T10:00Z 2026-01-06T10:00Z
      1      3      2026-02-04 1         2026-02-04T11:00Z 2026-02-04T11:00Z
      1      4      2026-02-04 1         2026-02-04T12:00Z 2026-02-04T12:00Z
      1      4      2026-02-05 1         2026-02-05T12:00Z 2026-02-05T12:00Z
      1      5      2026-01-06 1         2026-01-06T12:00Z 2026-01-06T12:00Z
      1      5      2026-02-04 1         2026-02-04T12:00Z 2026-02-04T12:00Z
      5      6      2025-12-01 1         2025-12-01T10:00Z 2025-12-01T10:00Z
      5      6      2026-02-08 1         2026-02-08T23:59Z 2026-02-08T23:59Z
      6      7      2025-12-01 1         2025-12-01T10:00Z 2025-12-01T10:00Z
      6      7      2026-02-01 1         2026-02-01T23:59Z 2026-02-01T23:59Z
      6      8      2025-12-01 1         2025-12-01T10:00Z 2025-12-01T10:00Z
      6      8      2026-02-09 1         2026-02-09T10:00Z 2026-02-09T10:00Z`,
  };

  test('30 days since the last active day are enough, 29 are not, and a first tap is none', () =>
    step('quest_reconnections', {
      given: { ...given, quest_week: questsOf('reconnections') },
      expected: {
        quest_event: `
          ${event}
          reconnections 1 2026-02-02 2026-02-03 2026-02-03T10:00Z
          reconnections 2 2026-02-02 2026-02-03 2026-02-03T10:00Z
          reconnections 6 2026-02-02 2026-02-08 2026-02-08T23:59Z
          reconnections 8 2026-02-09 2026-02-09 2026-02-09T10:00Z`,
      },
    }));

  test('nothing without a quest that counts them', () =>
    step('quest_reconnections', {
      given: { ...given, quest_week: questsOf('taps') },
      expected: { quest_event: event },
    }));
});

describe.each(sizes)('quest_streaks, of %s users', (_, crowd) => {
  const given = {
    quest_scope: scopeWithCrowd(
      `
      user_key week       metrics
      1        2026-02-02 -
      2        2026-02-02 -
      3        2026-02-02 {streak_days}
      4        2026-02-02 -
      4        2026-02-09 -
      5        2026-02-02 -
      5        2026-02-09 -
      6        2026-02-02 {taps}`,
      crowd,
    ),
    // 1 has four runs in the week; 2 ended the day before and began the day after; 4 ended on Friday.
    activity_run: `
      user_key ended_on   started_on
      1        2026-02-02 2026-01-30
      1        2026-02-04 2026-02-04
      1        2026-02-06 2026-02-06
      1        2026-02-10 2026-02-08
      2        2026-02-01 2026-01-20
      2        2026-02-12 2026-02-09
      3        2026-02-07 2026-02-04
      4        2026-02-06 2026-02-05
      5        2026-02-20 2026-02-01
      6        2026-02-07 2026-02-04
      7        2026-02-07 2026-02-04`,
  };

  test('how long a run had become by the end of the window, from before Monday on', () =>
    step('quest_streaks', {
      given: { ...given, quest_week: questsOf('streak_days') },
      expected: {
        quest_figure: `
          ${figure}
          streak_days 1 2026-02-02 4 1 4
          streak_days 3 2026-02-02 4 4 4
          streak_days 4 2026-02-02 2 0 2
          streak_days 5 2026-02-02 8 8 8
          streak_days 5 2026-02-09 15 15 15`,
      },
    }));

  test('nothing without a quest that counts them', () =>
    step('quest_streaks', {
      given: { ...given, quest_week: questsOf('taps') },
      expected: { quest_figure: figure },
    }));
});

describe('quest_events', () => {
  test('counts 1 each, in the week, on Saturday and Sunday, and on the best day', () =>
    step('quest_events', {
      given: {
        quest_event: `
          ${event}
          new_areas 1 2026-02-02 2026-02-02 2026-02-02T10:00Z
          new_areas 1 2026-02-02 2026-02-06 2026-02-06T10:00Z
          new_areas 1 2026-02-02 2026-02-07 2026-02-07T10:00Z
          new_areas 1 2026-02-02 2026-02-07 2026-02-07T11:00Z
          new_areas 1 2026-02-02 2026-02-08 2026-02-08T10:00Z
          assists   1 2026-02-02 2026-02-06 2026-02-06T10:00Z
          assists   1 2026-02-09 2026-02-09 2026-02-09T10:00Z`,
      },
      expected: {
        quest_figure: `
          ${figure}
          new_areas 1 2026-02-02 5 3 2
          assists   1 2026-02-02 1 0 1
          assists   1 2026-02-09 1 0 1`,
      },
    }));
});

describe('quest_meeting', () => {
  const between1sFriends = `
          2      3      2026-02-02 2026-02-02T00:00Z 2026-02-02
          2      4      2026-02-08 2026-02-08T23:59Z 2026-02-02`;
  test.each([
    ['by two friends of a user in question', 0, between1sFriends],
    [
      'by anybody, where many users are in question',
      20,
      `${between1sFriends}
          2      6      2026-02-04 2026-02-04T10:00Z 2026-02-02
          6      7      2026-02-04 2026-02-04T10:00Z 2026-02-02`,
    ],
  ])('connections that were made in the week, %s', (_, others, made) =>
    step(['assist_user', 'assist_week', 'assist_near', 'quest_meeting'], {
      given: {
        quest_scope: `${scopeOf('{assists}', 1, ...Array.from({ length: others }, (__, number) => 100 + number))}\n 9 ${week} -`,
        // 1 knows 2, 3, 4 and 5, but not 6; 9 knows 6 and 7, but is not in question.
        friend: `
          user_key friend_key first_day
          1        2          2026-02-01
          1        3          2026-02-01
          1        4          2026-02-01
          1        5          2026-02-01
          9        6          2026-02-01
          9        7          2026-02-01`,
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          2      3      2026-02-02T00:00Z 2026-02-02 2026-02-12T10:00Z 2026-02-12 2
          2      4      2026-02-08T23:59Z 2026-02-08 2026-02-08T23:59Z 2026-02-08 1
          2      5      2026-02-01T23:59Z 2026-02-01 2026-02-04T10:00Z 2026-02-04 2
          2      6      2026-02-04T10:00Z 2026-02-04 2026-02-04T10:00Z 2026-02-04 1
          3      4      2026-02-09T00:00Z 2026-02-09 2026-02-09T10:00Z 2026-02-09 1
          6      7      2026-02-04T10:00Z 2026-02-04 2026-02-04T10:00Z 2026-02-04 1`,
      },
      expected: {
        quest_meeting: `
          u1_key u2_key first_day  first_tap_at      week${made}`,
      },
    }));
});

describe('quest_friend_list', () => {
  test.each([
    ['fewer than who met', 0],
    ['more than who met', 20],
  ])('of each who met: which of the users in question, %s, they know, and since when', (_, others) =>
    step(['assist_user', 'quest_friend_list'], {
      given: {
        quest_scope: `${scopeOf('{assists}', 1, 2, ...Array.from({ length: others }, (__, number) => 100 + number))}\n 6 ${week} {taps}`,
        quest_meeting: `
          u1_key u2_key first_day  first_tap_at      week
          2      3      2026-02-05 2026-02-05T10:00Z 2026-02-02
          2      4      2026-02-06 2026-02-06T10:00Z 2026-02-02`,
        friend: `
          user_key friend_key first_day
          1        2          2026-02-01
          1        3          2026-02-04
          1        7          2026-02-04
          2        1          2026-02-01
          2        4          2026-02-06
          2        5          2026-01-15
          2        6          2026-01-15
          3        1          2026-02-04
          4        2          2026-02-06
          5        2          2026-01-15
          6        2          2026-01-15`,
      },
      expected: {
        quest_friend_list: `
          user_key friend_keys first_days   friend_count
          2        {1}         {2026-02-01} 1
          3        {1}         {2026-02-04} 1
          4        {2}         {2026-02-06} 1`,
      },
    }));
});

describe('quest_walk', () => {
  test('of each who met, whom: where the other one has fewer friends, or as many', () =>
    step('quest_walk', {
      given: {
        quest_meeting: `
          u1_key u2_key first_day  first_tap_at      week
          2      3      2026-02-05 2026-02-05T10:00Z 2026-02-02
          4      7      2026-02-06 2026-02-06T10:00Z 2026-02-02
          2      5      2026-02-07 2026-02-07T10:00Z 2026-02-02
          2      9      2026-02-07 2026-02-07T10:00Z 2026-02-02`,
        quest_friend_list: `
          user_key friend_keys first_days              friend_count
          2        {1}         {2026-02-01}            1
          3        {1,5}       {2026-02-01,2026-02-01} 2
          4        {1,5}       {2026-02-01,2026-02-01} 2
          5        {1}         {2026-02-01}            1
          7        {1}         {2026-02-01}            1`,
      },
      expected: {
        quest_walk: `
          user_key met_keys first_days   first_tap_at
          3        {2}      {2026-02-05} {2026-02-05T10:00Z}
          5        {2}      {2026-02-07} {2026-02-07T10:00Z}
          4        {7}      {2026-02-06} {2026-02-06T10:00Z}`,
      },
    }));
});

describe('quest_common', () => {
  test('the friends of one, on an earlier day, who are friends of the other one', () =>
    step('quest_common', {
      given: {
        quest_walk: `
          user_key met_keys first_days              first_tap_at
          3        {2,4}    {2026-02-05,2026-02-06} {2026-02-05T10:00Z,2026-02-06T10:00Z}`,
        quest_friend_list: `
          user_key friend_keys first_days                         friend_count
          2        {1,5,6}     {2026-02-04,2026-02-05,2026-02-01} 3
          3        {1,5,7}     {2026-02-09,2026-02-01,2026-02-01} 3
          4        {5}         {2026-02-05}                       1`,
      },
      expected: {
        quest_common: `
          user_key friend_key first_day  first_tap_at
          3        1          2026-02-05 2026-02-05T10:00Z
          3        5          2026-02-06 2026-02-06T10:00Z`,
      },
    }));
});

describe('quest_assists', () => {
  const common = (since: string) => ({
    quest_scope: `${scopeOf('{assists}', 1, 4)}\n 5 ${week} -`,
    // 1 and 5 know 2 and 3, who met.
    quest_common: `
      user_key friend_key first_day  first_tap_at
      3        1          2026-02-05 2026-02-05T10:00Z
      3        5          2026-02-05 2026-02-05T10:00Z`,
    quest_friend_list: `
      user_key friend_keys first_days              friend_count
      3        {1,5}       {${since},${since}}     2
      2        {1}         {2026-01-01}            1`,
  });

  test('two who meet, for whoever in question knew both on an earlier day', () =>
    step(['quest_assist', 'quest_assists'], {
      given: common('2026-02-04'),
      expected: { quest_event: `${event}\n assists 1 2026-02-02 2026-02-05 2026-02-05T10:00Z` },
    }));

  test('not on the very day', () =>
    step(['quest_assist', 'quest_assists'], {
      given: common('2026-02-05'),
      expected: { quest_event: event },
    }));
});

describe('quest_total', () => {
  const quest_figure = `
    ${figure}
    taps        1 2026-02-02 9 7 4
    taps        2 2026-02-02 3 0 2
    streak_days 1 2026-02-02 5 5 5
    taps        1 2026-02-09 9 7 4`;
  const total = 'quest_id user_key week reached target is_completed';

  test.each([
    ['week', 9, ['1 2026-02-02 9 9 t', '2 2026-02-02 3 9 f']],
    ['weekend', 7, ['1 2026-02-02 7 7 t']],
    ['weekend', 8, ['1 2026-02-02 7 8 f']],
    ['day', 3, ['1 2026-02-02 4 3 t', '2 2026-02-02 2 3 f']],
  ])('of the %s, against %i; whoever counts nothing there has no row', (window, target, rows) =>
    step('quest_total', {
      given: {
        quest_figure,
        quest_week: `quest_id week metric quest_window target\n ${q1} ${week} taps ${window} ${target}`,
      },
      expected: { quest_total: [total, ...rows.map((row) => `${q1} ${row}`)].join('\n') },
    }));
});

describe('quest_done', () => {
  const done = 'quest_id user_key week metric target is_by_day from_day reached_day beside_day';
  const total = 'quest_id user_key week reached target is_completed';
  const questWeek = 'quest_id week metric quest_window target';

  test('who reached a target, and from which day on of the window', () =>
    step('quest_done', {
      given: {
        quest_total: `
          ${total}
          ${q1} 1 2026-02-02 9 9 t
          ${q2} 1 2026-02-02 7 7 t
          ${q3} 1 2026-02-02 3 3 t
          ${q1} 2 2026-02-02 8 9 f`,
        quest_week: `
          ${questWeek}
          ${q1} 2026-02-02 taps week    9
          ${q2} 2026-02-02 taps weekend 7
          ${q3} 2026-02-02 taps day     3
          ${q1} 2026-02-09 taps week    9`,
      },
      expected: {
        quest_done: `
          ${done}
          ${q1} 1 2026-02-02 taps 9 f 2026-02-02 - -
          ${q2} 1 2026-02-02 taps 7 f 2026-02-07 - -
          ${q3} 1 2026-02-02 taps 3 t 2026-02-02 - -`,
      },
    }));

  // 1 has been at it since January; 2 has a run that is too short and one of just the target; 3 and 4 reach it on
  // Monday and Sunday, and 4 did so long before; 5 ended on Friday, and has not again reached it by Sunday; 6 has two
  // that do.
  const activity_run = `
    user_key ended_on   started_on
    1        2026-02-04 2026-01-20
    2        2026-02-03 2026-02-02
    2        2026-02-07 2026-02-05
    3        2026-02-02 2026-01-31
    4        2026-01-25 2026-01-10
    4        2026-02-20 2026-02-06
    5        2026-02-06 2026-02-01
    5        2026-02-08 2026-02-08
    6        2026-02-03 2026-01-31
    6        2026-02-08 2026-02-05`;

  test.each([
    [
      'week',
      '2026-02-02',
      ['1 2026-02-02', '2 2026-02-07', '3 2026-02-02', '4 2026-02-08', '5 2026-02-03', '6 2026-02-02'],
    ],
    ['day', '2026-02-02', ['2 2026-02-07']],
    ['weekend', '2026-02-07', ['2 2026-02-07', '4 2026-02-08']],
  ])('a streak, on the first day of the %s on which a run was long enough', (window, from, rows) =>
    step('quest_done', {
      given: {
        quest_total: [total, ...rows.map((row) => `${q1} ${row.split(' ')[0]} ${week} 3 3 t`)].join('\n'),
        quest_week: `${questWeek}\n ${q1} ${week} streak_days ${window} 3`,
        activity_run,
      },
      expected: {
        quest_done: [
          done,
          ...rows.map((row) => {
            const [user, day] = row.split(' ');
            return `${q1} ${user} ${week} streak_days 3 ${window === 'day' ? 't' : 'f'} ${from} ${day} ${addDays(day ?? '', -1)}`;
          }),
        ].join('\n'),
      },
    }));

  test('a streak of the weekend that began before it, on Saturday', () =>
    step('quest_done', {
      given: {
        quest_total: `${total}\n ${q1} 5 ${week} 6 3 t`,
        quest_week: `${questWeek}\n ${q1} ${week} streak_days weekend 3`,
        activity_run: `
          user_key ended_on   started_on
          5        2026-01-31 2026-01-25
          5        2026-02-07 2026-02-02`,
      },
      expected: { quest_done: `${done}\n ${q1} 5 ${week} streak_days 3 f 2026-02-07 2026-02-07 2026-02-06` },
    }));

  test('a streak of one day, and the day after it as far as the window goes', () =>
    step('quest_done', {
      given: {
        quest_total: `${total}\n ${q1} 5 ${week} 6 1 t\n ${q1} 6 ${week} 1 1 t`,
        quest_week: `${questWeek}\n ${q1} ${week} streak_days week 1`,
        activity_run: `
          user_key ended_on   started_on
          5        2026-02-04 2026-02-03
          6        2026-02-08 2026-02-08`,
      },
      expected: {
        quest_done: `
          ${done}
          ${q1} 5 ${week} streak_days 1 f 2026-02-02 2026-02-03 2026-02-04
          ${q1} 6 ${week} streak_days 1 f 2026-02-02 2026-02-08 2026-02-08`,
      },
    }));
});

describe('quest_done_day', () => {
  test('all days of the window for taps and active days; for a streak the day itself, and beside where a clock is set back the one beside', () =>
    step('quest_done_day', {
      params: { zone: 'Europe/Berlin' },
      given: {
        quest_done: `
          quest_id user_key week       metric      target is_by_day from_day   reached_day beside_day
          ${q1}    1        2026-02-02 active_days 3      f         2026-02-02 -           -
          ${q2}    1        2026-02-02 taps        3      f         2026-02-07 -           -
          ${q3}    1        2026-02-02 streak_days 3      f         2026-02-02 2026-02-05  2026-02-04
          ${q3}    2        2026-02-02 streak_days 3      f         2026-02-02 2026-02-05  2026-02-04
          ${q3}    2        2026-10-19 streak_days 3      f         2026-10-19 2026-10-25  2026-10-24
          ${q3}    4        2026-10-19 streak_days 1      f         2026-10-19 2026-10-24  2026-10-25
          ${q3}    5        2026-03-23 streak_days 1      f         2026-03-23 2026-03-28  2026-03-29
          ${q4}    3        2026-02-02 new_people  3      f         2026-02-02 -           2026-02-01`,
      },
      expected: {
        quest_done_day: `
          user_key week       day        is_every_tap
          1        2026-02-02 2026-02-02 f
          1        2026-02-02 2026-02-03 f
          1        2026-02-02 2026-02-04 f
          1        2026-02-02 2026-02-05 f
          1        2026-02-02 2026-02-06 f
          1        2026-02-02 2026-02-07 t
          1        2026-02-02 2026-02-08 t
          2        2026-02-02 2026-02-05 f
          2        2026-10-19 2026-10-24 f
          2        2026-10-19 2026-10-25 f
          4        2026-10-19 2026-10-24 f
          4        2026-10-19 2026-10-25 f
          5        2026-03-23 2026-03-28 f`,
      },
    }));
});

describe.each(sizes)('quest_done_people, of %s users', (_, crowd) => {
  const columns = 'quest_id user_key week metric target is_by_day from_day';

  test('Monday to Sunday, for both of the two; two quests of a user do not repeat them', () =>
    step('quest_done_people', {
      given: {
        quest_done: withCrowd(
          `
          ${columns}
          ${q1} 1 2026-02-02 new_people 1 f 2026-02-02
          ${q2} 1 2026-02-02 new_people 1 t 2026-02-02
          ${q1} 2 2026-02-02 new_people 1 f 2026-02-02
          ${q1} 5 2026-02-09 new_people 1 f 2026-02-09
          ${q3} 3 2026-02-02 taps       1 f 2026-02-02`,
          crowd,
          (user) => `${q1} ${user} 2026-02-02 new_people 1 f 2026-02-02`,
        ),
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          1      2      2026-02-08T23:59Z 2026-02-08 2026-02-08T23:59Z 2026-02-08 1
          1      3      2026-02-01T23:59Z 2026-02-01 2026-02-04T11:00Z 2026-02-04 3
          1      4      2026-02-09T00:00Z 2026-02-09 2026-02-09T00:00Z 2026-02-09 1
          2      5      2026-02-02T00:00Z 2026-02-02 2026-02-02T00:00Z 2026-02-02 1
          3      4      2026-02-03T00:00Z 2026-02-03 2026-02-03T00:00Z 2026-02-03 1
          3      5      2026-02-10T00:00Z 2026-02-10 2026-02-10T00:00Z 2026-02-10 1`,
      },
      expected: {
        quest_done_event: `
          ${event}
          new_people 1 2026-02-02 2026-02-08 2026-02-08T23:59Z
          new_people 2 2026-02-02 2026-02-08 2026-02-08T23:59Z
          new_people 2 2026-02-02 2026-02-02 2026-02-02T00:00Z
          new_people 5 2026-02-09 2026-02-10 2026-02-10T00:00Z`,
      },
    }));
});

describe.each(sizes)('quest_pair_day, of %s days', (_, crowd) => {
  test('the pairs with whom a user tapped on a day in question, on whichever side', () =>
    step('quest_pair_day', {
      given: {
        quest_done_day: withCrowd(
          `
          user_key week       day        is_every_tap
          1        2026-02-02 2026-02-04 t
          2        2026-02-02 2026-02-04 f
          2        2026-02-02 2026-02-06 f`,
          crowd,
          (user) => `${user} 2026-02-02 2026-02-04 f`,
        ),
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          1      2      2026-02-04T10:00Z 2026-02-04 2026-02-04T12:00Z 2026-02-04 3
          1      3      2026-02-03T10:00Z 2026-02-03 2026-02-05T10:00Z 2026-02-05 2
          2      3      2026-02-06T10:00Z 2026-02-06 2026-02-07T10:00Z 2026-02-07 2
          3      4      2026-02-04T10:00Z 2026-02-04 2026-02-04T10:00Z 2026-02-04 1`,
        pair_day: `
          u1_key u2_key day        tap_count first_tap_at      last_tap_at
          1      2      2026-02-04 3         2026-02-04T10:00Z 2026-02-04T12:00Z
          1      3      2026-02-03 1         2026-02-03T10:00Z 2026-02-03T10:00Z
          1      3      2026-02-05 1         2026-02-05T10:00Z 2026-02-05T10:00Z
          2      3      2026-02-06 1         2026-02-06T10:00Z 2026-02-06T10:00Z
          2      3      2026-02-07 1         2026-02-07T10:00Z 2026-02-07T10:00Z
          3      4      2026-02-04 1         2026-02-04T10:00Z 2026-02-04T10:00Z`,
      },
      expected: {
        quest_pair_day: `
          user_key u1_key u2_key day        tap_count first_tap_at      last_tap_at       is_every_tap
          1        1      2      2026-02-04 3         2026-02-04T10:00Z 2026-02-04T12:00Z t
          2        1      2      2026-02-04 3         2026-02-04T10:00Z 2026-02-04T12:00Z f
          2        2      3      2026-02-06 1         2026-02-06T10:00Z 2026-02-06T10:00Z f`,
      },
    }));
});

describe('quest_done_taps', () => {
  test('every tap where all matter, and the first of each day', () =>
    step('quest_done_taps', {
      given: {
        quest_pair_day: `
          user_key u1_key u2_key day        tap_count first_tap_at      last_tap_at       is_every_tap
          1        1      2      2026-02-04 4         2026-02-04T10:00Z 2026-02-04T12:00Z t
          1        1      3      2026-02-04 1         2026-02-04T09:00Z 2026-02-04T09:00Z t
          1        1      3      2026-02-05 2         2026-02-05T09:00Z 2026-02-05T09:00Z t
          2        1      2      2026-02-04 4         2026-02-04T10:00Z 2026-02-04T12:00Z f
          2        2      3      2026-02-04 2         2026-02-04T11:00Z 2026-02-04T11:10Z f`,
        pair_day_tap: `
          u1_key u2_key day        tapped_at
          1      2      2026-02-04 {2026-02-04T10:30Z,2026-02-04T11:00Z}
          1      2      2026-02-03 {2026-02-03T10:30Z}`,
      },
      expected: {
        quest_done_event: `
          ${event}
          active_days 1 2026-02-02 2026-02-04 2026-02-04T09:00Z
          active_days 1 2026-02-02 2026-02-05 2026-02-05T09:00Z
          active_days 2 2026-02-02 2026-02-04 2026-02-04T10:00Z
          taps        1 2026-02-02 2026-02-04 2026-02-04T09:00Z
          taps        1 2026-02-02 2026-02-04 2026-02-04T10:00Z
          taps        1 2026-02-02 2026-02-04 2026-02-04T10:30Z
          taps        1 2026-02-02 2026-02-04 2026-02-04T11:00Z
          taps        1 2026-02-02 2026-02-04 2026-02-04T12:00Z
          taps        1 2026-02-02 2026-02-05 2026-02-05T09:00Z
          taps        1 2026-02-02 2026-02-05 2026-02-05T09:00Z`,
      },
    }));
});

describe('quest_completed', () => {
  const columns = 'quest_id user_key week metric target is_by_day from_day reached_day';
  const taps = `
    ${event}
    taps        1 2026-02-02 2026-02-03 2026-02-03T10:00Z
    taps        1 2026-02-02 2026-02-06 2026-02-06T11:00Z
    taps        1 2026-02-02 2026-02-06 2026-02-06T10:00Z
    taps        1 2026-02-02 2026-02-07 2026-02-07T08:00Z
    taps        1 2026-02-02 2026-02-07 2026-02-07T08:00Z
    taps        1 2026-02-02 2026-02-08 2026-02-08T08:00Z
    taps        1 2026-02-09 2026-02-09 2026-02-09T08:00Z
    taps        2 2026-02-02 2026-02-02 2026-02-02T08:00Z
    active_days 1 2026-02-02 2026-02-02 2026-02-02T08:00Z`;
  const completed = 'quest_id user_key week completed_at';

  test.each([
    ['the tap that reached the target of the week', '2 f 2026-02-02', '2026-02-06T10:00Z'],
    ['of two at one instant, that instant', '4 f 2026-02-02', '2026-02-07T08:00Z'],
    ['of the weekend, from Saturday on', '3 f 2026-02-07', '2026-02-08T08:00Z'],
    ['of a day, on the first day that did', '2 t 2026-02-02', '2026-02-06T11:00Z'],
  ])('is %s', (_, done, expected) =>
    step('quest_completed', {
      given: { quest_done: `${columns}\n ${q1} 1 ${week} taps ${done} -`, quest_done_event: taps },
      expected: { quest_completed: `${completed}\n ${q1} 1 ${week} ${expected}` },
    }));

  test('is by metric, user and week, of events that are counted and of those that are looked up', () =>
    step('quest_completed', {
      given: {
        quest_done: `
          ${columns}
          ${q1} 1 2026-02-02 new_areas  2 f 2026-02-02 -
          ${q2} 1 2026-02-02 new_people 1 f 2026-02-02 -
          ${q1} 2 2026-02-02 new_areas  1 f 2026-02-02 -
          ${q1} 1 2026-02-09 new_areas  1 f 2026-02-09 -`,
        quest_event: `
          ${event}
          new_areas  1 2026-02-02 2026-02-03 2026-02-03T10:00Z
          new_areas  1 2026-02-02 2026-02-04 2026-02-04T10:00Z
          new_areas  1 2026-02-09 2026-02-10 2026-02-10T10:00Z
          new_areas  2 2026-02-02 2026-02-05 2026-02-05T10:00Z`,
        quest_done_event: `${event}\n new_people 1 2026-02-02 2026-02-06 2026-02-06T10:00Z`,
      },
      expected: {
        quest_completed: `
          ${completed}
          ${q1} 1 2026-02-02 2026-02-04T10:00Z
          ${q2} 1 2026-02-02 2026-02-06T10:00Z
          ${q1} 2 2026-02-02 2026-02-05T10:00Z
          ${q1} 1 2026-02-09 2026-02-10T10:00Z`,
      },
    }));

  test('of a streak, the first tap of its day; where the date beside it began out of turn, the one with which both have one', () =>
    step('quest_completed', {
      given: {
        quest_done: `
          quest_id user_key week metric target is_by_day from_day reached_day beside_day
          ${q1} 1 2026-02-02 streak_days 3 f 2026-02-02 2026-02-05 2026-02-04
          ${q1} 2 2026-02-02 streak_days 3 f 2026-02-02 2026-02-05 2026-02-04
          ${q1} 3 2026-02-02 streak_days 3 f 2026-02-02 2026-02-05 2026-02-04
          ${q2} 3 2026-02-02 streak_days 1 f 2026-02-02 2026-02-04 2026-02-05`,
        quest_done_event: `
          ${event}
          active_days 1 2026-02-02 2026-02-04 2026-02-04T10:00Z
          active_days 1 2026-02-02 2026-02-05 2026-02-05T10:00Z
          active_days 2 2026-02-02 2026-02-05 2026-02-05T08:00Z
          active_days 3 2026-02-02 2026-02-04 2026-02-05T04:30Z
          active_days 3 2026-02-02 2026-02-05 2026-02-05T04:00Z
          taps        1 2026-02-02 2026-02-05 2026-02-05T11:00Z`,
      },
      expected: {
        quest_completed: `
          ${completed}
          ${q1} 1 2026-02-02 2026-02-05T10:00Z
          ${q1} 2 2026-02-02 2026-02-05T08:00Z
          ${q1} 3 2026-02-02 2026-02-05T04:30Z
          ${q2} 3 2026-02-02 2026-02-05T04:00Z`,
      },
    }));
});

describe('user_quest_progress', () => {
  const progress = 'user_id quest_id week_start progress completed_at';
  const given = {
    quest_scope: `${scopeOf('-', 1, 2)}\n 3 ${week} {assists}`,
    quest_rule: `
      ${rule(q1, 'taps', 7, 'day')}
      ${q2} other taps    2 week t -infinity infinity d
      ${q3} third assists 3 week t -infinity infinity d`,
    quest_total: `
      quest_id user_key week       reached target is_completed
      ${q1}    1        2026-02-02 5       7      f
      ${q2}    1        2026-02-02 6       2      t`,
    quest_completed: `
      quest_id user_key week       completed_at
      ${q2}    1        2026-02-02 2026-02-03T11:00Z`,
  };
  const reached = `
    u1 ${q1} 2026-02-02 '{"pct": 71, "count": 5, "target": 7}'  -
    u1 ${q2} 2026-02-02 '{"pct": 100, "count": 6, "target": 2}' 2026-02-03T11:00Z`;
  // The weeks before and after, and what was not derived again: of 2 the assists, of 3 all else.
  const kept = `
    u1 ${q1} 2026-01-26 '{"pct": 28, "count": 2, "target": 7}' -
    u1 ${q1} 2026-02-09 '{"pct": 28, "count": 2, "target": 7}' -
    u2 ${q3} 2026-02-02 '{"pct": 33, "count": 1, "target": 3}' -
    u3 ${q1} 2026-02-02 '{"pct": 42, "count": 3, "target": 7}' -`;
  const lost = `
    u1 ${q1} 2026-02-02 '{"pct": 14, "count": 1, "target": 7}' -
    u2 ${q1} 2026-02-02 '{"pct": 42, "count": 3, "target": 7}' -
    u3 ${q3} 2026-02-02 '{"pct": 33, "count": 1, "target": 3}' -`;

  test.each([
    [false],
    [true],
  ])('is a share, rounded down and at most 100; what is counted no more goes; is_later: %s', (is_later) =>
    step('user_quest_progress', {
      params: { is_later },
      given: { ...given, user_quest_progress: `${progress}${kept}${lost}` },
      expected: { user_quest_progress: `${progress}${kept}${reached}` },
    }));

  test.each([
    [false],
    [true],
  ])('of a quest with another rule, every row that is no longer reached goes; is_later: %s', (is_later) =>
    step('user_quest_progress', {
      params: { is_later },
      given: {
        ...given,
        changed_quest: `quest_id metric\n ${q1} taps`,
        user_quest_progress: `${progress}${kept}${lost}`,
      },
      expected: {
        user_quest_progress: `
          ${progress}
          u2 ${q3} 2026-02-02 '{"pct": 33, "count": 1, "target": 3}' -
          ${reached}`,
      },
    }));
});

describe('changed_quest and quest_derived', () => {
  const given = {
    quest_rule: `${rule(q1, 'taps', 7, 'day')}\n ${q2} other taps 2 week t -infinity infinity e`,
    quest_derived: `
      quest_id digest
      ${q1}    d
      ${q2}    d
      ${q3}    d`,
  };

  test('a quest is derived again when its rule is another one', () =>
    step('changed_quest', { given, expected: { changed_quest: `quest_id metric\n ${q2} taps` } }));

  test('and the rules of today are noted', () =>
    step('quest_derived', {
      given,
      expected: { quest_derived: `quest_id digest\n ${q1} d\n ${q2} e` },
    }));
});
