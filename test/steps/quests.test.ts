import { describe, test } from 'vitest';
import { stepCases } from './given.js';

const step = stepCases();

// The week of Monday 2026-02-02; its weekend is the 7th and the 8th.
const week = '2026-02-02';
const scopeOf = (metric: string, ...users: number[]) =>
  ['metric user_key week', ...users.map((user) => `${metric} ${user} ${week}`)].join('\n');
const event = 'metric user_key week day tapped_at amount';
const q1 = 'a0000000-0000-4000-8000-000000000001';
const q2 = 'a0000000-0000-4000-8000-000000000002';
const q3 = 'a0000000-0000-4000-8000-000000000003';
const rule = (id: string, metric: string, target: number, window: string, until = 'infinity') =>
  `quest_id slug metric target quest_window is_active active_from active_until digest
   ${id} quest ${metric} ${target} ${window} t -infinity ${until} d`;

describe('quest_reconnections', () => {
  test('30 days since the last active day are enough, 29 are not, and a first tap is none', () =>
    step('quest_reconnections', {
      given: {
        quest_scope: scopeOf('reconnections', 1),
        quest_pair_day: `
          user_key week       u1_key u2_key day        tap_count first_tap_at      last_tap_at
          1        2026-02-02 1      2      2026-02-04 1         2026-02-04T10:00Z 2026-02-04T10:00Z
          1        2026-02-02 1      3      2026-02-04 1         2026-02-04T11:00Z 2026-02-04T11:00Z
          1        2026-02-02 1      4      2026-02-04 1         2026-02-04T12:00Z 2026-02-04T12:00Z`,
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          1      2      2026-01-05T10:00Z 2026-01-05 2026-02-04T10:00Z 2026-02-04 2
          1      3      2025-12-01T10:00Z 2025-12-01 2026-02-04T11:00Z 2026-02-04 3
          1      4      2026-02-04T12:00Z 2026-02-04 2026-02-04T12:00Z 2026-02-04 1`,
        pair_day: `
          u1_key u2_key day        tap_count first_tap_at      last_tap_at
          1      2      2026-01-05 1         2026-01-05T10:00Z 2026-01-05T10:00Z
          1      2      2026-02-04 1         2026-02-04T10:00Z 2026-02-04T10:00Z
          1      3      2025-12-01 1         2025-12-01T10:00Z 2025-12-01T10:00Z
          1      3      2026-01-06 1         2026-01-06T10:00Z 2026-01-06T10:00Z`,
      },
      expected: {
        quest_event: `
          ${event}
          reconnections 1 2026-02-02 2026-02-04 2026-02-04T10:00Z 1`,
      },
    }));
});

describe('quest_new_people', () => {
  test('Monday to Sunday, for both of the two', () =>
    step('quest_new_people', {
      given: {
        quest_scope: scopeOf('new_people', 1, 2),
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          1      2      2026-02-08T23:59Z 2026-02-08 2026-02-08T23:59Z 2026-02-08 1
          1      3      2026-02-01T23:59Z 2026-02-01 2026-02-04T11:00Z 2026-02-04 3
          1      4      2026-02-09T00:00Z 2026-02-09 2026-02-09T00:00Z 2026-02-09 1
          2      5      2026-02-02T00:00Z 2026-02-02 2026-02-02T00:00Z 2026-02-02 1`,
      },
      expected: {
        quest_event: `
          ${event}
          new_people 1 2026-02-02 2026-02-08 2026-02-08T23:59Z 1
          new_people 2 2026-02-02 2026-02-08 2026-02-08T23:59Z 1
          new_people 2 2026-02-02 2026-02-02 2026-02-02T00:00Z 1`,
      },
    }));
});

describe('quest_new_areas', () => {
  test('the first tap ever in a cell, in its week', () =>
    step('quest_new_areas', {
      given: {
        quest_scope: scopeOf('new_areas', 1),
        user_cell: `
          user_key geohash5 first_day  first_tap_at
          1        dr5re    2026-02-03 2026-02-03T10:00Z
          1        gcpvj    2026-02-01 2026-02-01T10:00Z
          2        u33db    2026-02-03 2026-02-03T10:00Z`,
      },
      expected: { quest_event: `${event}\n new_areas 1 2026-02-02 2026-02-03 2026-02-03T10:00Z 1` },
    }));
});

describe('quest_assists', () => {
  const meeting = (day: string) => `
    u1_key u2_key first_day first_tap_at week
    2      3      ${day}    ${day}T10:00Z 2026-02-02`;
  const friend = `
    user_key friend_key first_day
    2        1          2026-02-01
    1        2          2026-02-01
    3        1          2026-02-04
    1        3          2026-02-04
    2        4          2026-01-01`;

  test('two who meet, for whoever knew both on an earlier day', () =>
    step('quest_assists', {
      given: { quest_scope: scopeOf('assists', 1, 4), quest_meeting: meeting('2026-02-05'), friend },
      expected: { quest_event: `${event}\n assists 1 2026-02-02 2026-02-05 2026-02-05T10:00Z 1` },
    }));

  test('not on the very day', () =>
    step('quest_assists', {
      given: { quest_scope: scopeOf('assists', 1, 4), quest_meeting: meeting('2026-02-04'), friend },
      expected: { quest_event: event },
    }));
});

describe('quest_active_days and quest_streak_days', () => {
  const quest_user_day = `
    user_key week       day        first_tap_at
    1        2026-02-02 2026-02-02 2026-02-02T10:00Z
    1        2026-02-02 2026-02-04 2026-02-04T10:00Z`;

  test('a day counts 1', () =>
    step('quest_active_days', {
      given: { quest_scope: scopeOf('active_days', 1), quest_user_day },
      expected: {
        quest_event: `
          ${event}
          active_days 1 2026-02-02 2026-02-02 2026-02-02T10:00Z 1
          active_days 1 2026-02-02 2026-02-04 2026-02-04T10:00Z 1`,
      },
    }));

  test('a day has the length of its run by then, from before Monday on', () =>
    step('quest_streak_days', {
      given: {
        quest_scope: scopeOf('streak_days', 1),
        quest_user_day,
        activity_run: `
          user_key ended_on   started_on
          1        2026-02-02 2026-01-30
          1        2026-02-07 2026-02-04`,
      },
      expected: {
        quest_event: `
          ${event}
          streak_days 1 2026-02-02 2026-02-02 2026-02-02T10:00Z 4
          streak_days 1 2026-02-02 2026-02-04 2026-02-04T10:00Z 1`,
      },
    }));
});

describe('quest_taps', () => {
  const given = {
    quest_scope: scopeOf('taps', 1),
    quest_pair_day: `
      user_key week       u1_key u2_key day        tap_count first_tap_at      last_tap_at
      1        2026-02-02 1      2      2026-02-04 3         2026-02-04T10:00Z 2026-02-04T12:00Z`,
    pair_day_tap: `
      u1_key u2_key day        tapped_at
      1      2      2026-02-04 {2026-02-04T11:00Z}`,
  };

  test('every tap has its time where the target is reached', () =>
    step('quest_taps', {
      given: { ...given, quest_rule: rule(q1, 'taps', 3, 'week') },
      expected: {
        quest_event: `
          ${event}
          taps 1 2026-02-02 2026-02-04 2026-02-04T10:00Z 1
          taps 1 2026-02-02 2026-02-04 2026-02-04T11:00Z 1
          taps 1 2026-02-02 2026-02-04 2026-02-04T12:00Z 1`,
      },
    }));

  test('where it can not be, they are one event', () =>
    step('quest_taps', {
      given: { ...given, quest_rule: rule(q1, 'taps', 4, 'week') },
      expected: { quest_event: `${event}\n taps 1 2026-02-02 2026-02-04 2026-02-04T10:00Z 3` },
    }));
});

describe('quest_total', () => {
  const quest_event = `
    ${event}
    taps 1 2026-02-02 2026-02-06 2026-02-06T10:00Z 2
    taps 1 2026-02-02 2026-02-07 2026-02-07T10:00Z 3
    taps 1 2026-02-02 2026-02-08 2026-02-08T10:00Z 4`;
  const total = 'quest_id user_key week from_day reached is_completed';

  test.each([
    ['week', '2026-02-02', '2026-02-02 9 t'],
    ['weekend', '2026-02-02', '2026-02-07 7 t'],
  ])('the window is the whole %s', (window, _, expected) =>
    step('quest_total', {
      given: { quest_event, quest_rule: rule(q1, 'taps', 7, window) },
      expected: { quest_total: `${total}\n ${q1} 1 2026-02-02 ${expected}` },
    }));

  test('or each day by itself', () =>
    step('quest_total', {
      given: { quest_event, quest_rule: rule(q1, 'taps', 4, 'day') },
      expected: {
        quest_total: `
          ${total}
          ${q1} 1 2026-02-02 2026-02-06 2 f
          ${q1} 1 2026-02-02 2026-02-07 3 f
          ${q1} 1 2026-02-02 2026-02-08 4 t`,
      },
    }));

  test('a streak is the level that it has reached, and a quest that ended before the week is none', async () => {
    await step('quest_total', {
      given: {
        quest_event: quest_event.replaceAll('taps', 'streak_days'),
        quest_rule: rule(q1, 'streak_days', 5, 'week'),
      },
      expected: { quest_total: `${total}\n ${q1} 1 2026-02-02 2026-02-02 4 f` },
    });
    await step('quest_total', {
      given: { quest_event, quest_rule: rule(q1, 'taps', 5, 'week', '2026-02-01') },
      expected: { quest_total: total },
    });
  });
});

describe('quest_completed', () => {
  test('is the tap that reached the target; of a day quest, on the first day that did', async () => {
    const quest_event = `
      ${event}
      taps 1 2026-02-02 2026-02-03 2026-02-03T10:00Z 1
      taps 1 2026-02-02 2026-02-04 2026-02-04T10:00Z 1
      taps 1 2026-02-02 2026-02-04 2026-02-04T11:00Z 1
      taps 1 2026-02-02 2026-02-05 2026-02-05T08:00Z 2`;
    const completed = 'quest_id user_key week completed_at';
    await step('quest_completed', {
      given: {
        quest_event,
        quest_rule: rule(q1, 'taps', 2, 'day'),
        quest_total: `
          quest_id user_key week       from_day   reached is_completed
          ${q1}    1        2026-02-02 2026-02-03 1       f
          ${q1}    1        2026-02-02 2026-02-04 2       t
          ${q1}    1        2026-02-02 2026-02-05 2       t`,
      },
      expected: { quest_completed: `${completed}\n ${q1} 1 2026-02-02 2026-02-04T11:00Z` },
    });
    await step('quest_completed', {
      given: {
        quest_event,
        quest_rule: rule(q1, 'taps', 4, 'week'),
        quest_total: `
          quest_id user_key week       from_day   reached is_completed
          ${q1}    1        2026-02-02 2026-02-02 5       t`,
      },
      expected: { quest_completed: `${completed}\n ${q1} 1 2026-02-02 2026-02-05T08:00Z` },
    });
  });
});

describe('user_quest_progress', () => {
  test('is the best of the windows, a share rounded down and at most 100; what is counted no more goes', () =>
    step('user_quest_progress', {
      given: {
        quest_scope: scopeOf('taps', 1, 2),
        quest_rule: `${rule(q1, 'taps', 7, 'day')}\n ${q2} other taps 2 week t -infinity infinity d`,
        quest_total: `
          quest_id user_key week       from_day   reached is_completed
          ${q1}    1        2026-02-02 2026-02-03 1       f
          ${q1}    1        2026-02-02 2026-02-04 5       f
          ${q2}    1        2026-02-02 2026-02-02 6       t`,
        quest_completed: `
          quest_id user_key week       completed_at
          ${q2}    1        2026-02-02 2026-02-03T11:00Z`,
        user_quest_progress: `
          user_id quest_id week_start progress                                  completed_at
          u1      ${q1}    2026-02-02 '{"count": 1, "target": 7, "pct": 14}'    -
          u1      ${q1}    2026-01-26 '{"count": 2, "target": 7, "pct": 28}'    -
          u2      ${q1}    2026-02-02 '{"count": 3, "target": 7, "pct": 42}'    -`,
      },
      expected: {
        user_quest_progress: `
          user_id quest_id week_start progress                                  completed_at
          u1      ${q1}    2026-01-26 '{"pct": 28, "count": 2, "target": 7}'    -
          u1      ${q1}    2026-02-02 '{"pct": 71, "count": 5, "target": 7}'    -
          u1      ${q2}    2026-02-02 '{"pct": 100, "count": 6, "target": 2}'   2026-02-03T11:00Z`,
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
