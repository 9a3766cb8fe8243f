import { describe, test } from 'vitest';
import { stepCases } from './given.js';

const step = stepCases();

describe('edge_strength', () => {
  // L is 2026-04-01: its 90 days are 2026-01-02 to 2026-04-01.
  const given = {
    pair_day: `
      u1_key u2_key day        tap_count first_tap_at      last_tap_at
      1      2      2026-01-01 9         2026-01-01T10:00Z 2026-01-01T12:00Z
      1      3      2026-01-02 1         2026-01-02T10:00Z 2026-01-02T12:00Z
      2      3      2026-01-01 5         2026-01-01T10:00Z 2026-01-01T12:00Z
      2      3      2026-03-01 1         2026-03-01T10:00Z 2026-03-01T11:00Z
      2      3      2026-03-11 2         2026-03-11T10:00Z 2026-03-11T12:00Z
      4      5      2026-04-01 1         2026-04-01T23:59Z 2026-04-01T23:59Z`,
    edge_strength: `
      u1 u2 taps_90d last_tap_at       strength_f32
      u1 u2 9        2026-01-01T12:00Z 1.5`,
  };

  test('when L moves: 90 days with L, the 91st out; 0.6 * ln(1 + taps) + 0.4 * exp(-days / 21)', () =>
    step('edge_strength', {
      params: { as_of_day: '2026-04-01', as_of_moved: true, zone: 'UTC' },
      given,
      // 0.6 ln 2 + 0.4 exp(-89/21), 0.6 ln 4 + 0.4 exp(-1), 0.6 ln 2 + 0.4
      expected: {
        edge_strength: `
          u1 u2 taps_90d last_tap_at       strength_f32
          u1 u3 1        2026-01-02T12:00Z 0.42166233
          u2 u3 3        2026-03-11T12:00Z 0.9789284
          u4 u5 1        2026-04-01T23:59Z 0.8158883`,
      },
    }));

  test('when L stays: only the pairs whose days changed; one without a tap on the 90 days goes', () =>
    step('edge_strength', {
      params: { as_of_day: '2026-04-01', as_of_moved: false, zone: 'UTC' },
      given: {
        ...given,
        edge_strength: `
          ${given.edge_strength.trim()}
          u1 u4 9        2026-01-01T12:00Z 1.5`,
        changed_pair_day: `
          u1_key u2_key day
          1      2      2026-01-01
          1      3      2026-01-02
          4      5      2026-04-01`,
      },
      expected: {
        edge_strength: `
          u1 u2 taps_90d last_tap_at       strength_f32
          u1 u3 1        2026-01-02T12:00Z 0.42166233
          u1 u4 9        2026-01-01T12:00Z 1.5
          u4 u5 1        2026-04-01T23:59Z 0.8158883`,
      },
    }));
});
