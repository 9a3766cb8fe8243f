import { describe, test } from 'vitest';
import { stepCases } from './given.js';

const step = stepCases();

describe('user_day_activity', () => {
  test('counts the taps of all pairs of a day, and the partners whose first day it is', () =>
    step('user_day_activity', {
      params: { is_later: false },
      given: {
        user_day_scope: `
          day
          2026-02-03`,
        pair_day: `
          u1_key u2_key day        tap_count first_tap_at      last_tap_at
          1      2      2026-02-03 2         2026-02-03T10:00Z 2026-02-03T12:00Z
          1      3      2026-02-03 1         2026-02-03T10:00Z 2026-02-03T10:00Z
          1      3      2026-02-04 5         2026-02-04T10:00Z 2026-02-04T10:00Z`,
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          1      2      2026-01-01T10:00Z 2026-01-01 2026-02-03T12:00Z 2026-02-03 9
          1      3      2026-02-03T10:00Z 2026-02-03 2026-02-04T10:00Z 2026-02-04 6`,
        user_day_activity: `
          user_id day        tap_count first_degree_new_count
          u2      2026-02-03 2         0
          u4      2026-02-03 1         0
          u4      2026-02-02 1         0`,
      },
      expected: {
        user_day_activity: `
          user_id day        tap_count first_degree_new_count
          u1      2026-02-03 3         1
          u2      2026-02-03 2         0
          u3      2026-02-03 1         1
          u4      2026-02-02 1         0`,
        changed_user_day: `
          user_id day        was_active is_active
          u1      2026-02-03 f          t
          u3      2026-02-03 f          t
          u4      2026-02-03 t          f`,
      },
    }));
});

describe('user_day_activity of a few', () => {
  const given = {
    pair_day: `
      u1_key u2_key day        tap_count first_tap_at      last_tap_at
      1      2      2026-02-03 2         2026-02-03T10:00Z 2026-02-03T12:00Z
      3      4      2026-02-03 1         2026-02-03T10:00Z 2026-02-03T10:00Z
      1      3      2026-02-03 1         2026-02-03T10:00Z 2026-02-03T10:00Z
      1      3      2026-02-04 5         2026-02-04T10:00Z 2026-02-04T10:00Z`,
    pair: `
      u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
      1      2      2026-01-01T10:00Z 2026-01-01 2026-02-03T12:00Z 2026-02-03 9
      3      4      2026-02-03T10:00Z 2026-02-03 2026-02-03T10:00Z 2026-02-03 1
      1      3      2026-02-03T10:00Z 2026-02-03 2026-02-04T10:00Z 2026-02-04 6`,
  };

  test('looks up their own pairs, and leaves the rest of the day alone', () =>
    step('user_day_activity', {
      params: { is_later: false },
      given: {
        ...given,
        user_day_scope: `
          day        user_key user_id
          2026-02-03 1        u1
          2026-02-03 3        u3
          2026-02-03 5        u5`,
        user_day_activity: `
          user_id day        tap_count first_degree_new_count
          u1      2026-02-02 7         0
          u2      2026-02-03 9         9
          u3      2026-02-03 2         2
          u5      2026-02-03 1         0`,
      },
      expected: {
        user_day_activity: `
          user_id day        tap_count first_degree_new_count
          u1      2026-02-02 7         0
          u1      2026-02-03 3         1
          u2      2026-02-03 9         9
          u3      2026-02-03 2         2`,
        changed_user_day: `
          user_id day        was_active is_active
          u1      2026-02-03 f          t
          u5      2026-02-03 t          f`,
      },
    }));

  test('counts them once where the whole day is in question as well', () =>
    step('user_day_activity', {
      params: { is_later: false },
      given: {
        ...given,
        user_day_scope: `
          day        user_key user_id
          2026-02-03 1        u1
          2026-02-03 -        -
          2026-02-04 3        u3`,
        user_day_activity: `
          user_id day        tap_count first_degree_new_count
          u1      2026-02-03 1         0
          u5      2026-02-03 1         0`,
      },
      expected: {
        user_day_activity: `
          user_id day        tap_count first_degree_new_count
          u1      2026-02-03 3         1
          u2      2026-02-03 2         0
          u3      2026-02-03 2         2
          u4      2026-02-03 1         1
          u3      2026-02-04 5         0`,
      },
    }));
});

describe('user_day_scope', () => {
  const day = (tapCount: number) => `
    day        tap_count tap_digest null_id_count self_tap_count unknown_user_count steps_sha256 run_id
    2026-02-03 ${tapCount} 0 0 0 0 x 1
    2026-02-04 4000 0 0 0 0 x 1`;
  const changed_pair_day = `
    u1_key u2_key day
    1      2      2026-02-03`;

  test('names the users of the few pairs of a day that changed', () =>
    step('user_day_scope', {
      given: {
        processed_day: day(4000),
        changed_pair_day,
        changed_pair: `
          u1_key u2_key old_first_day new_first_day
          1      2      2026-02-04    2026-02-03
          3      4      2026-02-04    2026-02-04
          5      6      2026-02-05    -`,
      },
      expected: {
        user_day_scope: `
          day        user_key user_id
          2026-02-03 1        u1
          2026-02-03 2        u2
          2026-02-04 1        u1
          2026-02-04 2        u2
          2026-02-05 -        -`,
      },
    }));

  test('where they are more than one in a hundred, everybody', () =>
    step('user_day_scope', {
      given: {
        processed_day: day(499),
        changed_pair_day: `${changed_pair_day}
          1      3      2026-02-03
          1      4      2026-02-03
          1      5      2026-02-03
          1      6      2026-02-03`,
      },
      expected: {
        user_day_scope: `
          day        user_key user_id
          2026-02-03 -        -`,
      },
    }));
});

describe('what user_day_activity notes besides its rows', () => {
  test('both users of a pair on the days on which it tapped otherwise or was new, before and now', () =>
    step('user_day_activity', {
      params: { is_later: false },
      given: {
        changed_pair_day: `
          u1_key u2_key day
          1      2      2026-02-03`,
        changed_pair: `
          u1_key u2_key old_first_day new_first_day
          3      4      2026-02-05    2026-02-06
          5      6      2026-02-07    2026-02-07
          7      8      -             2026-02-08`,
      },
      expected: {
        changed_user_day: `
          user_id day        was_active is_active
          u1      2026-02-03 t          t
          u2      2026-02-03 t          t
          u3      2026-02-05 t          t
          u4      2026-02-05 t          t
          u3      2026-02-06 t          t
          u4      2026-02-06 t          t`,
      },
    }));

  test('none on later days: whoever tapped has a new row', () =>
    step('user_day_activity', {
      params: { is_later: true },
      given: {
        user_day_scope: `
          day
          2026-02-03`,
        changed_pair_day: `
          u1_key u2_key day        tap_count first_tap_at      last_tap_at
          1      2      2026-02-03 1         2026-02-03T10:00Z 2026-02-03T10:00Z`,
        changed_pair: `
          u1_key u2_key old_first_day new_first_day
          1      2      -             2026-02-03`,
        pair_day: `
          u1_key u2_key day        tap_count first_tap_at      last_tap_at
          1      2      2026-02-03 1         2026-02-03T10:00Z 2026-02-03T10:00Z`,
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          1      2      2026-02-03T10:00Z 2026-02-03 2026-02-03T10:00Z 2026-02-03 1`,
      },
      expected: {
        user_day_activity: `
          user_id day        tap_count first_degree_new_count
          u1      2026-02-03 1         1
          u2      2026-02-03 1         1`,
        changed_user_day: `
          user_id day        was_active is_active
          u1      2026-02-03 f          t
          u2      2026-02-03 f          t`,
      },
    }));
});

describe('activity_run', () => {
  test.each([
    ['a day', 1],
    ['many days', 11],
  ])('a missing day cuts a run, a day that comes joins two: of users with %s changed', (_, flipped) =>
    step('activity_run', {
      given: {
        run_scope: `
          user_key user_id from_day   to_day     flipped_day flipped_count
          1        u1      2026-02-01 2026-02-06 2026-02-03  ${flipped}
          2        u2      2026-02-01 2026-02-04 2026-02-02  ${flipped}`,
        user_day_activity: `
          user_id day        tap_count first_degree_new_count
          u1      2026-02-01 1         0
          u1      2026-02-02 1         0
          u1      2026-02-03 1         0
          u1      2026-02-04 1         0
          u1      2026-02-06 1         0
          u2      2026-02-01 1         0
          u2      2026-02-03 1         0
          u2      2026-02-04 1         0`,
        activity_run: `
          user_key ended_on   started_on
          1        2026-02-02 2026-02-01
          1        2026-02-04 2026-02-04
          1        2026-01-20 2026-01-10
          2        2026-02-04 2026-02-01`,
      },
      expected: {
        activity_run: `
          user_key ended_on   started_on
          1        2026-01-20 2026-01-10
          1        2026-02-04 2026-02-01
          1        2026-02-06 2026-02-06
          2        2026-02-01 2026-02-01
          2        2026-02-04 2026-02-03`,
      },
    }));
});

describe('user_streaks', () => {
  const given = {
    streak_scope: `
      user_id user_key
      u1      1
      u2      2
      u3      -`,
    activity_run: `
      user_key ended_on   started_on
      1        2026-01-20 2026-01-10
      1        2026-02-10 2026-02-09
      2        2026-02-09 2026-02-07`,
    pair_day: `
      u1_key u2_key day        tap_count first_tap_at      last_tap_at
      1      4      2026-02-10 1         2026-02-10T08:00Z 2026-02-10T09:00Z
      1      5      2026-02-10 1         2026-02-10T08:00Z 2026-02-10T11:00Z
      2      4      2026-02-09 1         2026-02-09T08:00Z 2026-02-09T09:00Z`,
    user_streaks: `
      user_id current_streak_days longest_streak_days last_active_day streak_started_on last_tap_at
      u3      1                   1                   2026-02-09      2026-02-09        2026-02-09T09:00Z`,
  };
  const streak =
    'user_id current_streak_days longest_streak_days last_active_day streak_started_on last_tap_at';

  test('while L lasts, a run that ended the day before is alive; whoever has no run has no streak', () =>
    step('user_streaks', {
      params: { as_of_day: '2026-02-10', alive_from_day: '2026-02-09', zone: 'UTC' },
      given,
      expected: {
        user_streaks: `
          ${streak}
          u1      2                   11                  2026-02-10      2026-02-09        2026-02-10T11:00Z
          u2      3                   3                   2026-02-09      2026-02-07        2026-02-09T09:00Z`,
      },
    }));

  test('of a last day of few among many only their own pairs are read', () =>
    step('user_streaks', {
      params: { as_of_day: '2026-02-10', alive_from_day: '2026-02-09', zone: 'UTC' },
      given: {
        ...given,
        processed_day: `
          day        tap_count tap_digest null_id_count self_tap_count unknown_user_count steps_sha256 run_id
          2026-02-10 4000 0 0 0 0 x 1
          2026-02-09 4000 0 0 0 0 x 1`,
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          1      4      2026-02-10T08:00Z 2026-02-10 2026-02-10T09:00Z 2026-02-10 1
          1      5      2026-02-10T08:00Z 2026-02-10 2026-02-10T11:00Z 2026-02-10 1
          1      6      2026-02-10T08:00Z 2026-02-09 2026-02-10T12:00Z 2026-02-09 1
          1      2      2026-02-09T08:00Z 2026-02-09 2026-02-09T09:30Z 2026-02-09 1`,
        pair_day: `
          u1_key u2_key day        tap_count first_tap_at      last_tap_at
          1      4      2026-02-10 1         2026-02-10T08:00Z 2026-02-10T09:00Z
          1      5      2026-02-10 1         2026-02-10T08:00Z 2026-02-10T11:00Z
          1      2      2026-02-09 1         2026-02-09T08:00Z 2026-02-09T09:30Z
          7      8      2026-02-10 1         2026-02-10T08:00Z 2026-02-10T23:00Z`,
      },
      expected: {
        user_streaks: `
          ${streak}
          u1      2                   11                  2026-02-10      2026-02-09        2026-02-10T11:00Z
          u2      3                   3                   2026-02-09      2026-02-07        2026-02-09T09:30Z`,
      },
    }));

  test('once L is over, it must have ended on L', () =>
    step('user_streaks', {
      params: { as_of_day: '2026-02-10', alive_from_day: '2026-02-10', zone: 'UTC' },
      given,
      expected: {
        user_streaks: `
          ${streak}
          u1      2                   11                  2026-02-10      2026-02-09        2026-02-10T11:00Z
          u2      0                   3                   2026-02-09      2026-02-07        2026-02-09T09:00Z`,
      },
    }));
});
