import { describe, test } from 'vitest';
import { stepCases } from './given.js';

const step = stepCases();

// The week of Monday 2026-02-02, and the hour from 10 on its Tuesday: slot 24 + 10.
const hour = '2026-02-03T10:00Z';
const areaHour = 'geohash5 starts_at slot day tap_count user_keys';

describe('area_hour', () => {
  test('a tap counts once and both of its users are there', () =>
    step('area_hour', {
      given: {
        batch_day: `
          day        forced
          2026-02-03 f`,
        batch_cell: `
          day        geohash5 starts_at         slot u1 u2 tap_count first_tap_at
          2026-02-03 dr5re    2026-02-03T10:00Z 34   u1 u2 2         2026-02-03T10:20Z
          2026-02-03 dr5re    2026-02-03T10:00Z 34   u2 u3 1         2026-02-03T10:40Z`,
        area_hour: `
          ${areaHour}
          dr5re 2026-02-03T09:00Z 33 2026-02-03 9 {1,2}
          dr5re 2026-02-02T09:00Z 9  2026-02-02 9 {1,2}`,
      },
      expected: {
        area_hour: `
          ${areaHour}
          dr5re 2026-02-02T09:00Z 9  2026-02-02 9 {1,2}
          dr5re 2026-02-03T10:00Z 34 2026-02-03 3 {1,2,3}`,
      },
    }));
});

describe('surge_scope', () => {
  test('a change reaches the eight weeks after it, and all weeks where it is the first', () =>
    step('surge_scope', {
      given: {
        changed_area_hour: `
          geohash5 week
          dr5re    2026-02-02
          gcpvj    2026-02-02`,
        area_hour: `
          ${areaHour}
          dr5re 2025-12-30T10:00Z 34 2025-12-30 1 {1}
          dr5re 2026-02-03T10:00Z 34 2026-02-03 1 {1}
          gcpvj 2026-02-03T10:00Z 34 2026-02-03 1 {1}
          gcpvj 2026-05-05T10:00Z 34 2026-05-05 1 {1}`,
      },
      expected: {
        surge_scope: [
          'geohash5 week first_week',
          ...['2026-02-02', '2026-02-09', '2026-02-16', '2026-02-23', '2026-03-02'].flatMap((monday) => [
            `dr5re ${monday} 2025-12-29`,
            `gcpvj ${monday} 2026-02-02`,
          ]),
          ...['2026-03-09', '2026-03-16', '2026-03-23', '2026-03-30'].flatMap((monday) => [
            `dr5re ${monday} 2025-12-29`,
            `gcpvj ${monday} 2026-02-02`,
          ]),
          'gcpvj 2026-05-04 2026-02-02',
        ].join('\n'),
      },
    }));
});

describe('surge_model', () => {
  test('three weeks before are needed and eight are enough; an hour of four users is not judged', () =>
    step('surge_model', {
      given: {
        surge_scope: `
          geohash5 week       first_week
          dr5re    2026-02-02 2026-01-12
          dr5rf    2026-02-02 2026-01-19
          dr5rg    2026-02-02 2025-01-06
          dr5rh    2026-02-02 2025-01-06`,
        area_hour: `
          ${areaHour}
          dr5re ${hour} 34 2026-02-03 5 {1,2,3,4,5}
          dr5rf ${hour} 34 2026-02-03 5 {1,2,3,4,5}
          dr5rg ${hour} 34 2026-02-03 5 {1,2,3,4,5}
          dr5rh ${hour} 34 2026-02-03 9 {1,2,3,4}`,
      },
      expected: {
        surge_model: `
          model_no geohash5 week       n
          1        dr5re    2026-02-02 3
          2        dr5rg    2026-02-02 8`,
      },
    }));
});

describe('surge_capped', () => {
  test('of four weeks the largest counts as the second largest; of three it counts as it is', () =>
    step('surge_capped', {
      given: {
        surge_model: `
          model_no geohash5 week       n
          1        dr5re    2026-02-02 4
          2        dr5rf    2026-02-02 3`,
        surge_week_slot: `
          model_no weeks_before slot taps
          1        1            34   2
          1        2            34   9
          1        3            34   3
          2        1            34   2
          2        2            34   9
          2        3            34   3`,
      },
      expected: {
        surge_capped: `
          model_no slot taps square
          1        34   8    22
          2        34   14   94`,
      },
    }));
});

describe('surge_hour', () => {
  const given = (taps: number, expected: string, users = '{1,2,3,4,5}', dispersion = 1) => ({
    surge_scope: `
      geohash5 week       first_week
      dr5re    2026-02-02 2025-01-06`,
    surge_slot: `
      geohash5 week       slot baseline_taps dispersion expected_taps
      dr5re    2026-02-02 34   1             ${dispersion}          ${expected}`,
    area_hour: `
      ${areaHour}
      dr5re ${hour} 34 2026-02-03 ${taps} ${users}`,
    surge_hour: `
      geohash5 starts_at slot day tap_count expected_taps
      dr5re 2026-02-05T10:00Z 82 2026-02-05 9 1`,
  });
  const columns = 'geohash5 starts_at slot day tap_count expected_taps';

  test('z of 3.5 is far above: 2 * (sqrt(9.375) - sqrt(1.375)) = 3.78; 8 taps of 1 are not', async () => {
    await step('surge_hour', {
      given: given(9, '1'),
      expected: { surge_hour: `${columns}\n dr5re ${hour} 34 2026-02-03 9 1` },
    });
    await step('surge_hour', { given: given(8, '1.2'), expected: { surge_hour: columns } });
  });

  test('where counts scatter more, more is needed: a dispersion of 4 halves z', async () => {
    await step('surge_hour', {
      given: given(9, '1', '{1,2,3,4,5}', 4),
      expected: { surge_hour: columns },
    });
    await step('surge_hour', {
      given: given(30, '1', '{1,2,3,4,5}', 4),
      expected: { surge_hour: `${columns}\n dr5re ${hour} 34 2026-02-03 30 1` },
    });
  });

  test('five users at the least, and half as many again as expected', async () => {
    await step('surge_hour', {
      given: given(6, '0.02'),
      expected: { surge_hour: `${columns}\n dr5re ${hour} 34 2026-02-03 6 0.02` },
    });
    await step('surge_hour', { given: given(6, '0.02', '{1,2,3,4}'), expected: { surge_hour: columns } });
    await step('surge_hour', { given: given(250, '170'), expected: { surge_hour: columns } });
    await step('surge_hour', {
      given: given(149, '99'),
      expected: { surge_hour: `${columns}\n dr5re ${hour} 34 2026-02-03 149 99` },
    });
  });
});

describe('surge_area', () => {
  test('an area with a flagged hour has a name, one without has none', () =>
    step('surge_area', {
      given: {
        surge_area_scope: `
          geohash5
          dr5rs
          gcpvj`,
        surge_hour: `
          geohash5 starts_at slot day tap_count expected_taps
          dr5rs ${hour} 34 2026-02-03 9 1`,
        gazetteer_load: `
          digest
          abc`,
        surge_area: `
          geohash5 area_name named_from
          gcpvj    London    abc`,
      },
      expected: {
        surge_area: `
          geohash5 area_name           named_from
          dr5rs    'New York City, NY' abc`,
        renamed_surge_area: `
          geohash5
          dr5rs
          gcpvj`,
      },
    }));
});

describe('surge_windows', () => {
  test('one hour between two bridges and counts nowhere, two part them; the multiplier is at most 10', () =>
    step('surge_windows', {
      given: {
        changed_surge_area: `
          geohash5
          dr5rs`,
        surge_area: `
          geohash5 area_name named_from
          dr5rs    here      abc`,
        surge_hour: `
          geohash5 starts_at         slot day        tap_count expected_taps
          dr5rs    2026-02-03T10:00Z 34   2026-02-03 9         1
          dr5rs    2026-02-03T12:00Z 36   2026-02-03 7         2
          dr5rs    2026-02-03T15:00Z 39   2026-02-03 99        1`,
        area_hour: `
          ${areaHour}
          dr5rs 2026-02-03T10:00Z 34 2026-02-03 9  {1,2,3,4,5}
          dr5rs 2026-02-03T11:00Z 35 2026-02-03 4  {7,8,9}
          dr5rs 2026-02-03T12:00Z 36 2026-02-03 7  {1,2,3,4,6}
          dr5rs 2026-02-03T15:00Z 39 2026-02-03 99 {1,2,3,4,5}`,
        surge_windows: `
          window_id area_name geohash5 start_time        end_time          surge_multiplier expected_taps tap_count unique_users
          old       here      dr5rs    2026-02-01T10:00Z 2026-02-01T11:00Z 2                1             9         5`,
      },
      expected: {
        surge_windows: `
          window_id               area_name geohash5 start_time        end_time          surge_multiplier expected_taps tap_count unique_users
          dr5rs-20260203T1000Z    here      dr5rs    2026-02-03T10:00Z 2026-02-03T13:00Z 4.25             3.000         16        6
          dr5rs-20260203T1500Z    here      dr5rs    2026-02-03T15:00Z 2026-02-03T16:00Z 10.00            1.000         99        5`,
      },
    }));
});
