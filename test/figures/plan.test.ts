import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addDays,
  cutBatches,
  type DayState,
  dayRanges,
  daysBetween,
  isDay,
  planDays,
} from '../../src/pipeline/plan.js';

const state = (day: string, given: Partial<DayState> = {}): DayState => ({
  day,
  tap_count: 1,
  is_processed: true,
  is_changed: false,
  is_outdated: false,
  is_marked: false,
  is_erased: false,
  ...given,
});

describe('day arithmetic', () => {
  test.each([
    ['2024-02-28', 1, '2024-02-29'],
    ['2025-02-28', 1, '2025-03-01'],
    ['2024-12-31', 1, '2025-01-01'],
    ['2027-01-01', -1, '2026-12-31'],
    ['2026-03-08', 1, '2026-03-09'],
    ['2026-01-31', 0, '2026-01-31'],
  ])('%s and %i days is %s', (day, count, expected) => {
    expect(addDays(day, count)).toBe(expected);
  });

  test('days between are all of them, none when the end comes first', () => {
    expect(daysBetween('2024-02-28', '2024-03-01')).toEqual(['2024-02-28', '2024-02-29', '2024-03-01']);
    expect(daysBetween('2026-01-01', '2026-01-01')).toEqual(['2026-01-01']);
    expect(daysBetween('2026-01-02', '2026-01-01')).toEqual([]);
    expect(daysBetween('2024-01-01', '2024-12-31')).toHaveLength(366);
  });

  test.each([
    ['2026-01-31', true],
    ['2024-02-29', true],
    ['2026-02-29', false],
    ['2026-13-01', false],
    ['2026-1-31', false],
    ['2026-01-31T00:00', false],
    ['yesterday', false],
    ['0000-01-01', false],
    ['', false],
  ])('%s is a day: %s', (text, expected) => {
    expect(isDay(text)).toBe(expected);
  });
});

describe('planDays', () => {
  test('a processed day is planned for one reason only, the first that holds', () => {
    const planned = planDays(
      [
        state('2026-01-01'),
        state('2026-01-02', { is_changed: true, is_outdated: true, is_marked: true }),
        state('2026-01-03', { is_outdated: true, is_marked: true }),
        state('2026-01-04', { is_marked: true }),
      ],
      null,
    );
    expect(planned.map(({ day, reason }) => `${day} ${reason}`)).toEqual([
      '2026-01-02 changed',
      '2026-01-03 outdated',
      '2026-01-04 marked',
    ]);
  });

  test('a day that is not processed is planned only if it is wanted', () => {
    const states = [state('2026-01-01', { is_processed: false, is_changed: true })];
    expect(planDays(states, null)).toEqual([]);
    expect(planDays(states, { from: '2026-01-02', to: '2026-01-02' }).map(({ day }) => day)).toEqual([
      '2026-01-02',
    ]);
  });

  test('a gap is filled, with the days that have no taps', () => {
    const planned = planDays(
      [state('2026-01-01'), state('2026-01-03', { tap_count: 7, is_processed: false })],
      {
        from: '2026-01-01',
        to: '2026-01-04',
      },
    );
    expect(planned).toEqual([
      { day: '2026-01-02', tapCount: 0, reason: 'missing', isMarked: false, isFrozen: false },
      { day: '2026-01-03', tapCount: 7, reason: 'missing', isMarked: false, isFrozen: false },
      { day: '2026-01-04', tapCount: 0, reason: 'missing', isMarked: false, isFrozen: false },
    ]);
  });

  test('a stale day is planned also outside of what is wanted, and everything is in order', () => {
    const planned = planDays(
      [state('2026-01-01', { is_changed: true }), state('2026-02-01', { is_changed: true, tap_count: 0 })],
      { from: '2026-01-10', to: '2026-01-11' },
    );
    expect(planned.map(({ day }) => day)).toEqual(['2026-01-01', '2026-01-10', '2026-01-11', '2026-02-01']);
  });
});

describe('cutBatches', () => {
  const days = daysBetween('2026-01-01', '2026-01-05').map((day, index) => ({
    day,
    tapCount: [5, 5, 100, 0, 4][index] ?? 0,
    reason: 'missing' as const,
    isMarked: false,
    isFrozen: false,
  }));

  test('by days', () => {
    expect(cutBatches(days, { days: 2 }).map((batch) => batch.length)).toEqual([2, 2, 1]);
    expect(cutBatches(days, { days: 9 }).map((batch) => batch.length)).toEqual([5]);
    expect(cutBatches([], { days: 2 })).toEqual([]);
  });

  test('by taps: a batch never holds more, unless a single day does', () => {
    expect(cutBatches(days, { taps: 10 }).map((batch) => batch.map(({ tapCount }) => tapCount))).toEqual([
      [5, 5],
      [100],
      [0, 4],
    ]);
  });

  test('whatever the cut, every day is in one batch, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { maxLength: 40 }),
        fc.integer({ min: 1, max: 60 }),
        fc.boolean(),
        (counts, size, byDays) => {
          const all = counts.map((tapCount, index) => ({
            day: addDays('2026-01-01', index),
            tapCount,
            reason: 'missing' as const,
            isMarked: false,
            isFrozen: false,
          }));
          const batches = cutBatches(all, byDays ? { days: size } : { taps: size });
          expect(batches.flat()).toEqual(all);
          for (const batch of batches) {
            const taps = batch.reduce((sum, day) => sum + day.tapCount, 0);
            expect(batch.length).toBeGreaterThan(0);
            expect(
              byDays ? batch.length <= size : taps <= size || batch.some((day) => day.tapCount > size),
            ).toBe(true);
          }
        },
      ),
    );
  });
});

test('consecutive days are one range', () => {
  expect(dayRanges(['2025-12-31', '2026-01-01', '2026-01-03', '2026-01-05', '2026-01-06'])).toEqual([
    { from: '2025-12-31', to: '2026-01-01' },
    { from: '2026-01-03', to: '2026-01-03' },
    { from: '2026-01-05', to: '2026-01-06' },
  ]);
  expect(dayRanges([])).toEqual([]);
});
