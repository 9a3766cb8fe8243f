import { describe, test } from 'vitest';
import { stepCases } from './given.js';

const step = stepCases();

describe('user_cell_day', () => {
  test('both users of a tap were in its cell; the earliest of their taps there counts', () =>
    step('user_cell_day', {
      given: {
        batch_day: `
          day        forced
          2026-02-03 f`,
        batch_cell: `
          day        geohash5 starts_at         slot u1 u2 tap_count first_tap_at
          2026-02-03 dr5re    2026-02-03T10:00Z 34   u1 u2 2         2026-02-03T10:20Z
          2026-02-03 dr5re    2026-02-03T09:00Z 33   u1 u3 1         2026-02-03T09:40Z
          2026-02-03 gcpvj    2026-02-03T11:00Z 35   u1 u2 1         2026-02-03T11:00Z`,
        user_cell_day: `
          user_key geohash5 day        first_tap_at
          1        dr5re    2026-02-02 2026-02-02T10:00Z
          2        u33db    2026-02-03 2026-02-03T10:00Z`,
      },
      expected: {
        user_cell_day: `
          user_key geohash5 day        first_tap_at
          1        dr5re    2026-02-02 2026-02-02T10:00Z
          1        dr5re    2026-02-03 2026-02-03T09:40Z
          1        gcpvj    2026-02-03 2026-02-03T11:00Z
          2        dr5re    2026-02-03 2026-02-03T10:20Z
          2        gcpvj    2026-02-03 2026-02-03T11:00Z
          3        dr5re    2026-02-03 2026-02-03T09:40Z`,
        changed_user_cell_day: `
          user_key geohash5
          1        dr5re
          1        gcpvj
          2        dr5re
          2        gcpvj
          2        u33db
          3        dr5re`,
      },
    }));
});

describe('user_cell', () => {
  test('is the first of all days in a cell; a cell that a user was never in goes', () =>
    step('user_cell', {
      params: { is_later: false, zone: 'UTC' },
      given: {
        changed_user_cell_day: `
          user_key geohash5
          1        dr5re
          2        u33db`,
        user_cell_day: `
          user_key geohash5 day        first_tap_at
          1        dr5re    2026-02-03 2026-02-03T09:40Z
          1        dr5re    2026-02-02 2026-02-02T10:00Z
          1        gcpvj    2026-02-01 2026-02-01T11:00Z`,
        user_cell: `
          user_key geohash5 first_day  first_tap_at
          1        dr5re    2026-02-03 2026-02-03T09:40Z
          2        u33db    2026-02-01 2026-02-01T10:00Z`,
      },
      expected: {
        user_cell: `
          user_key geohash5 first_day  first_tap_at
          1        dr5re    2026-02-02 2026-02-02T10:00Z`,
        changed_user_cell: `
          user_key old_first_day new_first_day
          1        2026-02-03    2026-02-02
          2        2026-02-01    -`,
      },
    }));

  test('later days bring cells that are new to a user, and leave those that are known', () =>
    step('user_cell', {
      params: { is_later: true, zone: 'UTC' },
      given: {
        changed_user_cell_day: `
          user_key geohash5
          1        dr5re
          1        u33db
          2        dr5re`,
        user_cell_day: `
          user_key geohash5 day        first_tap_at
          1        dr5re    2026-02-02 2026-02-02T10:00Z
          1        dr5re    2026-02-05 2026-02-05T09:00Z
          1        u33db    2026-02-05 2026-02-05T10:00Z
          1        u33db    2026-02-06 2026-02-06T08:00Z
          2        dr5re    2026-02-06 2026-02-06T09:00Z`,
        user_cell: `
          user_key geohash5 first_day  first_tap_at
          1        dr5re    2026-02-02 2026-02-02T10:00Z`,
      },
      expected: {
        user_cell: `
          user_key geohash5 first_day  first_tap_at
          1        dr5re    2026-02-02 2026-02-02T10:00Z
          1        u33db    2026-02-05 2026-02-05T10:00Z
          2        dr5re    2026-02-06 2026-02-06T09:00Z`,
        changed_user_cell: `
          user_key old_first_day new_first_day
          1        -             2026-02-05
          2        -             2026-02-06`,
      },
    }));
});

describe('batch_cell', () => {
  test('is by local hour: the hour that a clock set back shows twice is two, of one slot', () =>
    step('batch_cell', {
      params: { zone: 'America/New_York' },
      given: {
        batch_range: `
          starts_at         ends_at
          2026-11-01T04:00Z 2026-11-02T05:00Z`,
        batch_day: `
          day        forced
          2026-11-01 f`,
        classified_tap: `
          tap_time          tapped_at         u1 u2 latitude longitude ignored_because
          2026-11-01T05:10Z 2026-11-01T05:10Z u1 u2 40.71    -74.0     -
          2026-11-01T05:50Z 2026-11-01T05:50Z u1 u2 40.71    -74.0     -
          2026-11-01T06:10Z 2026-11-01T06:10Z u1 u2 40.71    -74.0     -
          2026-11-01T06:10Z 2026-11-01T06:10Z u1 u2 -        -         -
          2026-11-01T06:20Z 2026-11-01T06:20Z u1 u1 40.71    -74.0     self`,
      },
      expected: {
        batch_cell: `
          day        geohash5 starts_at         slot u1 u2 tap_count first_tap_at
          2026-11-01 dr5rs    2026-11-01T05:00Z 145  u1 u2 2         2026-11-01T05:10Z
          2026-11-01 dr5rs    2026-11-01T06:00Z 145  u1 u2 1         2026-11-01T06:10Z`,
      },
    }));
});
