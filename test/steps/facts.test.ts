import { describe, test } from 'vitest';
import { stepCases } from './given.js';

const step = stepCases();

describe('user_key', () => {
  test('new tappers get the next numbers in the order of their ids; strangers and dirt get none', () =>
    step('user_key', {
      given: {
        user_key: `
          user_id user_key
          u2      7`,
        batch_tap: `
          day        ignored_because u1 u2 unknown_sides tap_count first_tap_at      last_tap_at       tap_digest
          2026-02-03 -               u2 u5 0             1         2026-02-03T10:00Z 2026-02-03T10:00Z 1
          2026-02-03 -               u1 u5 0             1         2026-02-03T10:00Z 2026-02-03T10:00Z 1
          2026-02-03 unknown         u3 u4 1             1         2026-02-03T10:00Z 2026-02-03T10:00Z 1`,
      },
      expected: {
        user_key: `
          user_id user_key
          u2      7
          u1      8
          u5      9`,
      },
    }));
});

describe('pair_day', () => {
  const given = {
    batch_day: `
      day        forced
      2026-02-03 f
      2026-02-04 f`,
    batch_tap: `
      day        ignored_because u1 u2 unknown_sides tap_count first_tap_at      last_tap_at       tap_digest
      2026-02-03 -               u1 u2 0             3         2026-02-03T10:00Z 2026-02-03T12:00Z 1
      2026-02-03 self            u1 u1 0             5         2026-02-03T10:00Z 2026-02-03T12:00Z 1
      2026-02-04 -               u2 u3 0             1         2026-02-04T09:00Z 2026-02-04T09:00Z 1`,
  };
  test("is the days' valid taps by pair: a pair that no longer taps goes, another day's stays, equal ones are not noted", () =>
    step('pair_day', {
      given: {
        ...given,
        pair_day: `
          u1_key u2_key day        tap_count first_tap_at      last_tap_at
          1      2      2026-02-02 1         2026-02-02T08:00Z 2026-02-02T08:00Z
          1      4      2026-02-03 1         2026-02-03T08:00Z 2026-02-03T08:00Z
          2      3      2026-02-04 1         2026-02-04T09:00Z 2026-02-04T09:00Z`,
      },
      expected: {
        pair_day: `
          u1_key u2_key day        tap_count first_tap_at      last_tap_at
          1      2      2026-02-02 1         2026-02-02T08:00Z 2026-02-02T08:00Z
          1      2      2026-02-03 3         2026-02-03T10:00Z 2026-02-03T12:00Z
          2      3      2026-02-04 1         2026-02-04T09:00Z 2026-02-04T09:00Z`,
        changed_pair_day: `
          u1_key u2_key day
          1      2      2026-02-03
          1      4      2026-02-03`,
      },
    }));
});

describe('pair', () => {
  test('spans all days of a pair that changed; one without days goes, and only a moved first tap is noted', () =>
    step('pair', {
      params: { is_later: false, zone: 'UTC' },
      given: {
        changed_pair_day: `
          u1_key u2_key day
          1      2      2026-02-05
          1      2      2026-02-06
          1      3      2026-02-01
          2      3      2026-02-04`,
        pair_day: `
          u1_key u2_key day        tap_count first_tap_at      last_tap_at
          1      2      2026-02-03 2         2026-02-03T10:00Z 2026-02-03T12:00Z
          1      2      2026-02-06 3         2026-02-06T09:00Z 2026-02-06T09:30Z
          2      3      2026-02-04 1         2026-02-04T09:00Z 2026-02-04T09:00Z`,
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          1      2      2026-02-03T10:00Z 2026-02-03 2026-02-03T12:00Z 2026-02-03 2
          1      3      2026-02-01T10:00Z 2026-02-01 2026-02-01T10:00Z 2026-02-01 1`,
      },
      expected: {
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          1      2      2026-02-03T10:00Z 2026-02-03 2026-02-06T09:30Z 2026-02-06 5
          2      3      2026-02-04T09:00Z 2026-02-04 2026-02-04T09:00Z 2026-02-04 1`,
        changed_pair: `
          u1_key u2_key old_first_day new_first_day
          1      3      2026-02-01    -
          2      3      -             2026-02-04`,
      },
    }));

  test('later days go on from what is known: no day of a pair is read again', () =>
    step('pair', {
      params: { is_later: true, zone: 'UTC' },
      given: {
        changed_pair_day: `
          u1_key u2_key day        tap_count first_tap_at      last_tap_at
          1      2      2026-02-05 2         2026-02-05T08:00Z 2026-02-05T11:00Z
          1      2      2026-02-06 3         2026-02-06T09:00Z 2026-02-06T09:30Z
          2      3      2026-02-05 1         2026-02-05T09:00Z 2026-02-05T09:00Z`,
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          1      2      2026-02-01T10:00Z 2026-02-01 2026-02-03T12:00Z 2026-02-03 4
          1      3      2026-02-01T10:00Z 2026-02-01 2026-02-01T10:00Z 2026-02-01 1`,
      },
      expected: {
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          1      2      2026-02-01T10:00Z 2026-02-01 2026-02-06T09:30Z 2026-02-06 9
          1      3      2026-02-01T10:00Z 2026-02-01 2026-02-01T10:00Z 2026-02-01 1
          2      3      2026-02-05T09:00Z 2026-02-05 2026-02-05T09:00Z 2026-02-05 1`,
        changed_pair: `
          u1_key u2_key old_first_day new_first_day
          2      3      -             2026-02-05`,
      },
    }));
});

describe('pair_day_tap', () => {
  test('has the taps between the first and the last of a pair that tapped more than twice', () =>
    step('pair_day_tap', {
      params: { zone: 'America/New_York' },
      given: {
        batch_range: `
          starts_at         ends_at
          2026-02-03T05:00Z 2026-02-04T05:00Z`,
        batch_day: `
          day        forced
          2026-02-03 f`,
        pair_day_tap_scope: `
          u1 u2 u1_key u2_key day
          u1 u2 1      2      2026-02-03`,
        classified_tap: `
          tap_time          tapped_at         u1 u2 ignored_because
          2026-02-03T12:00Z 2026-02-03T12:00Z u1 u2 -
          2026-02-03T05:00Z 2026-02-03T05:00Z u1 u2 -
          2026-02-04T04:59Z 2026-02-04T04:59Z u1 u2 -
          2026-02-03T09:00Z 2026-02-03T09:00Z u1 u2 -
          2026-02-04T05:00Z 2026-02-04T05:00Z u1 u2 -
          2026-02-03T11:00Z 2026-02-03T11:00Z u1 u2 unknown`,
        pair_day_tap: `
          u1_key u2_key day        tapped_at
          1      3      2026-02-03 {2026-02-03T12:00Z}`,
      },
      expected: {
        pair_day_tap: `
          u1_key u2_key day        tapped_at
          1      2      2026-02-03 {2026-02-03T09:00Z,2026-02-03T12:00Z}`,
      },
    }));
});

describe('unknown_user_day', () => {
  test('notes both sides of a tap with a stranger, and which of the two is a user', () =>
    step('unknown_user_day', {
      given: {
        batch_day: `
          day        forced
          2026-02-03 f`,
        unknown_user_day: `
          day        user_hash is_known
          2026-02-02 1         f
          2026-02-03 2         f`,
        batch_tap: `
          day        ignored_because u1 u2 unknown_sides tap_count first_tap_at      last_tap_at       tap_digest
          2026-02-03 'unknown user'  u1 u2 1             1         2026-02-03T10:00Z 2026-02-03T12:00Z 1
          2026-02-03 'unknown user'  u1 u3 1             1         2026-02-03T10:00Z 2026-02-03T12:00Z 1
          2026-02-03 'self tap'      -  -  0             1         2026-02-03T10:00Z 2026-02-03T12:00Z 1`,
      },
      expected: {
        // The hashes of u1, the stranger, and of u2 and u3, who are users.
        unknown_user_day: `
          day        user_hash            is_known
          2026-02-02 1                    f
          2026-02-03 4410389051751287272  f
          2026-02-03 -1074279637220608122 t
          2026-02-03 4302014571891312366  t`,
      },
    }));
});

describe('processed_day', () => {
  test('a day without a tap is processed as well', () =>
    step('processed_day', {
      params: { steps_sha256: 'abc', run_id: 5 },
      given: {
        batch_day: `
          day        forced
          2026-02-03 f
          2026-02-04 f`,
        batch_tap: `
          day        ignored_because u1 u2 unknown_sides tap_count first_tap_at      last_tap_at       tap_digest
          2026-02-03 -               u1 u2 0             3         2026-02-03T10:00Z 2026-02-03T12:00Z 100
          2026-02-03 -               u1 u3 0             1         2026-02-03T10:00Z 2026-02-03T12:00Z 20`,
      },
      expected: {
        processed_day: `
          day        tap_count tap_digest stranger_digest null_id_count self_tap_count unknown_user_count steps_sha256 run_id
          2026-02-03 4         120        0               0             0              0                  abc          5
          2026-02-04 0         0          0               0             0              0                  abc          5`,
      },
    }));

  test('ignored taps are counted by reason', () =>
    step('processed_day', {
      params: { steps_sha256: 'abc', run_id: 5 },
      given: {
        batch_day: `
          day        forced
          2026-02-03 f`,
        batch_tap: `
          day        ignored_because u1 u2 unknown_sides tap_count first_tap_at      last_tap_at       tap_digest
          2026-02-03 'null id'       -  -  0             3         2026-02-03T10:00Z 2026-02-03T12:00Z 1
          2026-02-03 'self tap'      -  -  0             4         2026-02-03T10:00Z 2026-02-03T12:00Z 2
          2026-02-03 'unknown user'  u1 u7 2             5         2026-02-03T10:00Z 2026-02-03T12:00Z 3`,
      },
      expected: {
        processed_day: `
          day        tap_count null_id_count self_tap_count unknown_user_count tap_digest stranger_digest
          2026-02-03 0         3             4              5                  6          6`,
      },
    }));
});

describe('forgotten_user', () => {
  test('whoever has no pair left is forgotten, whoever has another one is not', () =>
    step('forgotten_user', {
      given: {
        changed_pair: `
          u1_key u2_key old_first_day new_first_day
          1      2      2026-02-01    -
          2      3      2026-02-01    2026-02-03`,
        pair: `
          u1_key u2_key first_tap_at      first_day  last_tap_at       last_day   tap_count
          2      3      2026-02-03T10:00Z 2026-02-03 2026-02-03T12:00Z 2026-02-03 2`,
        user_key: `
          user_id user_key
          u1      1
          u2      2
          u3      3
          u4      4`,
        batch_user: `
          user_id
          u4`,
      },
      expected: {
        user_key: `
          user_id user_key
          u2      2
          u3      3`,
      },
    }));
});
