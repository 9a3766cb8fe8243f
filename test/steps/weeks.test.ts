import { describe, test } from 'vitest';
import { stepCases } from './given.js';

const step = stepCases();

describe('week_scope', () => {
  test('a Sunday and the Monday after it are two weeks', () =>
    step('week_scope', {
      given: {
        changed_user_day: `
          user_id day        was_active is_active
          u1      2027-01-03 f          t
          u1      2027-01-04 f          t`,
      },
      expected: {
        week_scope: `
          user_id user_key week       is_day_changed
          u1      1        2026-12-28 t
          u1      1        2027-01-04 t`,
      },
    }));
});

describe('week_scope, after the graph', () => {
  test('all weeks of a user from the one on in which the second degree moved', () =>
    step('week_scope', {
      given: {
        second_degree_focus: `
          user_key from_week
          1        2026-02-02`,
        // Of a focus user the events are no reason of their own; of user 2 they are.
        second_degree_event: `
          user_key week       entered_count left_count
          1        2026-01-19 1             0
          2        2026-02-09 1             0
          2        2026-02-16 1             0`,
        user_week_activity: `
          user_id year iso_week tap_count first_degree_new_count second_degree_count second_degree_new_count
          u1      2026 5        1         0                      0                   0
          u1      2026 6        1         0                      0                   0
          u1      2026 7        1         0                      0                   0
          u2      2026 6        1         0                      0                   0
          u2      2026 7        1         0                      0                   0
          u3      2026 7        1         0                      0                   0`,
      },
      expected: {
        week_scope: `
          user_id user_key week       is_day_changed
          u1      1        2026-02-02 f
          u1      1        2026-02-09 f
          u2      2        2026-02-09 f`,
      },
    }));
});

describe('user_week_activity', () => {
  test('sums Monday to Sunday, across a year end, and is of the ISO year; a week without taps goes', () =>
    step('user_week_activity', {
      given: {
        week_scope: `
          user_id user_key week       is_day_changed
          u1      1        2026-12-28 t
          u2      2        2026-12-28 t`,
        second_degree_focus: `
          user_key from_week
          1        2026-12-21`,
        second_degree_event: `
          user_key week       entered_count left_count
          1        2026-12-21 4             0
          1        2026-12-28 2             1
          1        2027-01-04 5             0`,
        user_day_activity: `
          user_id day        tap_count first_degree_new_count
          u1      2026-12-27 100       50
          u1      2026-12-28 1         1
          u1      2027-01-03 2         0
          u1      2027-01-04 100       50`,
        user_week_activity: `
          user_id year iso_week tap_count first_degree_new_count second_degree_count second_degree_new_count
          u2      2026 53       1         1                      0                   0`,
      },
      expected: {
        user_week_activity: `
          user_id year iso_week tap_count first_degree_new_count second_degree_count second_degree_new_count
          u1      2026 53       3         1                      5                   2`,
      },
    }));

  test('whoever is no focus user is shifted by who came near and who left', () =>
    step('user_week_activity', {
      given: {
        week_scope: `
          user_id user_key week       is_day_changed
          u1      1        2026-02-02 f`,
        second_degree_event: `
          user_key week       entered_count left_count
          1        2026-01-26 3             0
          1        2026-02-02 1             2`,
        user_week_activity: `
          user_id year iso_week tap_count first_degree_new_count second_degree_count second_degree_new_count
          u1      2026 6        7         2                      10                  4`,
      },
      expected: {
        user_week_activity: `
          user_id year iso_week tap_count first_degree_new_count second_degree_count second_degree_new_count
          u1      2026 6        7         2                      12                  5`,
      },
    }));
});

describe('board_figure', () => {
  test('a streak counts in full from before Monday, but not beyond Sunday', () =>
    step('board_figure', {
      given: {
        changed_user_week: `
          user_id week
          u1      2026-02-02`,
        activity_run: `
          user_key ended_on   started_on
          1        2026-02-12 2026-01-30
          1        2026-01-20 2026-01-01`,
        user_week_activity: `
          user_id year iso_week tap_count first_degree_new_count second_degree_count second_degree_new_count
          u1      2026 6        7         2                      10                  4`,
      },
      expected: {
        board_figure: `
          user_id week       new_first_degree delta_second_degree streak_days
          u1      2026-02-02 2                4                   10`,
      },
    }));
});

describe('board_figure, after a run that changed', () => {
  test('the weeks of the run that the user has, and a streak in a week without a change of its own', () =>
    step('board_figure', {
      given: {
        changed_run: `
          user_id from_day   to_day
          u1      2026-02-04 2026-02-10`,
        activity_run: `
          user_key ended_on   started_on
          1        2026-02-10 2026-02-07`,
        user_week_activity: `
          user_id year iso_week tap_count first_degree_new_count second_degree_count second_degree_new_count
          u1      2026 5        7         5                      10                  5
          u1      2026 6        7         2                      10                  4
          u1      2026 7        7         3                      10                  1
          u1      2026 8        7         5                      10                  5`,
      },
      expected: {
        board_figure: `
          user_id week       new_first_degree delta_second_degree streak_days
          u1      2026-02-02 2                4                   2
          u1      2026-02-09 3                1                   4`,
      },
    }));
});

describe('weekly_leaderboard', () => {
  const columns = 'user_id year iso_week new_first_degree delta_second_degree streak_days';

  test('equal figures share a rank and leave a gap after it; 0 is not ranked; another week is left alone', () =>
    step('weekly_leaderboard', {
      given: {
        board_week: `
          week
          2026-02-02`,
        board_figure: `
          user_id week       new_first_degree delta_second_degree streak_days
          u1      2026-02-02 3                0                   1
          u2      2026-02-02 3                5                   2
          u5      2026-02-02 -                -                   -`,
        weekly_leaderboard: `
          ${columns} connectors_rank builders_rank streak_rank
          u2      2026 6        9                9                   9           9               9             9
          u3      2026 6        1                0                   4           1               -             1
          u4      2026 6        0                0                   1           -               -             2
          u5      2026 6        8                8                   8           1               1             1
          u3      2026 5        2                2                   2           7               7             7`,
      },
      expected: {
        weekly_leaderboard: `
          ${columns} connectors_rank builders_rank streak_rank
          u1      2026 6        3                0                   1           1               -             3
          u2      2026 6        3                5                   2           1               1             2
          u3      2026 6        1                0                   4           3               -             1
          u4      2026 6        0                0                   1           -               -             3
          u3      2026 5        2                2                   2           7               7             7`,
      },
    }));
});
