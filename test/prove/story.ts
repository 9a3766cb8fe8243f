import fc from 'fast-check';

/**
 * One thing that happens to the application's tables or to arc-gam. Users and taps are picked by number, modulo how
 * many there are, so that a story stays valid when it is shrunk.
 */
export type Operation =
  | { kind: 'taps'; taps: { one: number; other: number; day: number; minute: number; place: number }[] }
  | { kind: 'edit'; tap: number; field: 'time' | 'id1' | 'id2' | 'place'; value: number }
  | { kind: 'delete'; tap: number; count: number }
  | { kind: 'erase'; user: number; withTaps: boolean }
  | { kind: 'add user'; user: number }
  | { kind: 'home'; user: number; home: number }
  | { kind: 'quest'; quest: number; change: 'target' | 'window' | 'retire' | 'revive' | 'pause' }
  | { kind: 'etl'; advance: number; batchDays: number | null }
  | { kind: 'etl before'; back: number }
  | { kind: 'backfill'; from: number; days: number; batchDays: number | null }
  | { kind: 'stopped run'; advance: number; afterSteps: number }
  | { kind: 'cut connection'; advance: number; afterSteps: number }
  | { kind: 'capture'; on: boolean }
  | { kind: 'freeze'; back: number }
  | { kind: 'archive'; share: number }
  | { kind: 'thaw'; restore: boolean; force: boolean };

/** A community's fate in one zone. */
export interface Story {
  readonly zone: string;
  readonly operations: readonly Operation[];
}

export const userCount = 9;
/** Days on which taps can happen, counted from the story's first; they cross a year end and a change of clocks. */
export const dayCount = 130;
export const firstDay = '2024-10-01';
export const homes = [null, 'Austin, TX', 'NYC', 'Earth', ' ', 'Paris, France'] as const;
/** Coordinates; null: none. The last two are dirt. */
export const places = [
  null,
  [40.7359, -73.9911],
  [40.7061, -73.9969],
  [30.2672, -97.7431],
  [0, 0],
  [95, 10],
] as const;

const user = fc.nat(userCount - 1);
const day = fc.nat(dayCount - 1);
const tap = fc.record({
  one: user,
  other: user,
  day,
  minute: fc.nat(1439),
  place: fc.nat(places.length - 1),
});
const batchDays = fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 40 }));

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('taps' as const),
      taps: fc.array(tap, { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      tap: fc.nat(),
      field: fc.constantFrom('time' as const, 'id1' as const, 'id2' as const, 'place' as const),
      value: fc.nat(200_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      tap: fc.nat(),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('erase' as const), user, withTaps: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('add user' as const), user }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('home' as const), user, home: fc.nat(homes.length - 1) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('quest' as const),
      quest: fc.nat(7),
      change: fc.constantFrom(
        'target' as const,
        'window' as const,
        'retire' as const,
        'revive' as const,
        'pause' as const,
      ),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('etl' as const), advance: fc.nat(9), batchDays }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('etl before' as const), back: fc.integer({ min: 1, max: 20 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('backfill' as const), from: day, days: fc.nat(20), batchDays }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('stopped run' as const),
      advance: fc.nat(9),
      afterSteps: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('cut connection' as const),
      advance: fc.nat(5),
      afterSteps: fc.integer({ min: 1, max: 30 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('capture' as const), on: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('freeze' as const), back: fc.integer({ min: 0, max: 40 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('archive' as const), share: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('thaw' as const),
      restore: fc.boolean(),
      force: fc.boolean(),
    }),
  },
);

/** Stories of a number of operations. */
export const stories = (operations: number): fc.Arbitrary<Story> =>
  fc.record({
    zone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata', 'America/St_Johns'),
    operations: fc.array(operation, { minLength: operations, maxLength: operations, size: 'max' }),
  });
