import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../server/database.js';
import { allFigures, differencesOf } from './figures.js';

// What a legal source can hold, and no constraint of ours may refuse: see also the list of all constraints below.

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase({ twin: true });
});
afterAll(() => database.drop());

const users = 24;
const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

interface Tap {
  readonly one: number | null;
  readonly other: number | null;
  readonly time: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
}

const text = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\u202e',
    'New York, NY',
    'भारत',
    '台灣',
    'Ünïcödé, 🇧🇷',
    "'; drop table taps; --",
    'x'.repeat(5000),
    '\\N',
    '%_',
  ),
  fc.string({ maxLength: 40, unit: 'binary' }).map((given) => given.replaceAll('\0', '')),
);
const coordinate = fc.constantFrom(
  0,
  90,
  -90,
  180,
  -180,
  91,
  47.5,
  -52.7,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1e308,
  5e-324,
  null,
);
const time = fc.oneof(
  // The same moments again and again: ties, and hours that clocks show twice.
  fc.constantFrom(
    '2010-11-07T02:30:30Z',
    '2010-11-07T02:31:30Z',
    '2010-11-07T02:30:30Z',
    '2010-03-14T03:31Z',
    'infinity',
    '-infinity',
    null,
  ),
  fc
    .integer({ min: 0, max: 45 * 24 * 60 })
    .map((minute) => new Date(Date.parse('2010-10-01T00:00Z') + minute * 60_000).toISOString()),
  fc.constantFrom(
    '0001-01-01T00:00:00Z',
    '1600-02-29T12:00Z',
    '9999-12-31T23:59:59Z',
    '294276-12-31T23:59:59Z',
  ),
);
const user = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 1, max: users }) },
  { weight: 1, arbitrary: fc.constantFrom(null, 99, 98) },
);
const tap: fc.Arbitrary<Tap> = fc.record({
  one: user,
  other: user,
  time,
  latitude: coordinate,
  longitude: coordinate,
});
/** A quiet hour that is usually busy between two crowded ones, and a crowd of one place at one moment. */
const crowd = (minute: string, count: number): Tap[] =>
  Array.from({ length: count }, (_, index) => ({
    one: 1 + (index % users),
    other: 1 + ((index + 1) % users),
    time: minute,
    latitude: 47.5,
    longitude: -52.7,
  }));
const story = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.array(tap, { minLength: 1, maxLength: 30 }) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('2010-11-02T19:00Z', '2010-11-09T18:00Z', '2010-11-09T20:00Z')
        .map((minute) => crowd(minute, 60)),
    },
  ),
  { minLength: 1, maxLength: 12 },
);

/** A new source, and nothing derived of the one before. */
const fill = async (taps: readonly Tap[], homes: readonly string[]): Promise<void> => {
  await database.client.query('truncate public.taps, public.users');
  for (const schema of ['gamification', 'twin']) {
    const derived = await allFigures(database.client, schema);
    await database.client.query(
      `truncate ${derived.map(({ table }) => `${schema}.${table}`).join(', ')}, ${schema}.derived_step`,
    );
    await database.client.query(`delete from ${schema}.setting where key = 'zone'`);
  }
  await database.client.query(
    'insert into public.users (id, name, home) select id, home, home from unnest($1::uuid[], $2::text[]) as given (id, home)',
    [
      Array.from({ length: users }, (_, index) => id(index + 1)),
      Array.from({ length: users }, (_, index) => homes[index % homes.length] ?? ''),
    ],
  );
  await database.client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude)
     select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::float8[], $5::float8[])`,
    [
      taps.map(({ one }) => (one === null ? null : id(one))),
      taps.map(({ other }) => (other === null ? null : id(other))),
      taps.map(({ time: at }) => at),
      taps.map(({ latitude }) => latitude),
      taps.map(({ longitude }) => longitude),
    ],
  );
};

test('no constraint refuses what a legal source leads to, in a backfill or day by day', {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      story,
      fc.array(text, { minLength: 1, maxLength: 8 }),
      fc.constantFrom('America/St_Johns', 'UTC', 'Australia/Lord_Howe', 'Pacific/Apia'),
      async (taps, homes, zone) => {
        const environment = { ARC_GAM_TZ: zone };
        await fill(taps.flat(), homes);
        // Days are wanted from here on, not from the year 1: the far past is a test of its own.
        const span = ['--from', '2010-10-01', '--to', '2010-11-16'];
        await database.ok(['backfill', ...span], environment);
        await database.ok(['backfill', ...span, '--schema', 'twin', '--batch-days', '5'], environment);
        await database.ok(['etl', '--date', '2010-11-16', '--lookback', '60'], environment);
        expect(await differencesOf(database.client, 'twin', 'gamification')).toEqual([]);
      },
    ),
    { numRuns: 4, seed: 7, endOnFailure: true },
  );
});

test('a tap from before the year 1 is named, and days after it can be asked for', async () => {
  await fill(
    [
      { one: 1, other: 2, time: '0044-03-15T12:00:00Z BC', latitude: null, longitude: null },
      ...crowd('2025-03-11T18:30:00Z', 5),
    ],
    [''],
  );
  const refused = await database.cli(['etl', '--date', '2025-03-11']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('The first tap is of 0044-03-15 BC');
  await database.ok(['backfill', '--from', '2025-03-11', '--to', '2025-03-11']);
  expect(await database.rows('select day, tap_count from processed_day')).toEqual([
    { day: '2025-03-11', tap_count: '5' },
  ]);
});

test('a quiet but usually busy hour between two crowded ones only bridges them', async () => {
  const taps: Tap[] = [];
  for (let week = 0; week < 9; week += 1)
    taps.push(...crowd(new Date(Date.parse('2025-01-07T19:30Z') + week * 604_800_000).toISOString(), 90));
  taps.push(...crowd('2025-03-11T18:30:00Z', 26), ...crowd('2025-03-11T20:30:00Z', 26));
  await fill(taps, ['']);
  await database.ok(['backfill', '--from', '2025-01-07', '--to', '2025-03-10']);
  await database.ok(['etl', '--date', '2025-03-11']);
  const windows = await database.rows(
    "select tap_count, unique_users, surge_multiplier >= 1.5 as is_high from surge_windows where start_time >= '2025-03-11'",
  );
  expect(windows).toEqual([{ tap_count: '52', unique_users: '24', is_high: 't' }]);
});

test('a row that a constraint refuses all the same is named with its step, key, value and days', async () => {
  await fill(crowd('2025-03-11T18:30:00Z', 5), ['']);
  await database.ok(['backfill', '--from', '2025-03-10', '--to', '2025-03-10']);
  await database.client.query(
    'alter table user_day_activity add constraint few_taps check (tap_count < 2) not valid',
  );
  const refused = await database.cli(['etl', '--date', '2025-03-11']);
  expect(refused.code).toBe(1);
  for (const words of [
    'Step user_day_activity',
    `user_id ${id(2)}, day 2025-03-11`,
    'tap_count 2',
    'few_taps',
    'It follows from 2025-03-11',
    'arc-gam step user_day_activity',
  ])
    expect(refused.stderr).toContain(words);
  expect(await database.rows('select max(day) as day from processed_day')).toEqual([{ day: '2025-03-10' }]);
  const status = await database.cli(['status']);
  expect(status.stdout).toContain('Step user_day_activity');
  await database.client.query('alter table user_day_activity drop constraint few_taps');
  await database.ok(['etl', '--date', '2025-03-11']);
});

/**
 * Every check and key of the schema and why no source can break it. One that is added without a reason fails the test.
 */
const reasons: readonly (readonly [RegExp, string])[] = [
  [
    /^(run|run_step|stale_mark|change_queue|setting|schema_file|schema_migration|derived_step|captured_day|follow_minute) /,
    'written by the command itself, not from the source',
  ],
  [/^(quest_definitions) /, 'written by operators, who are told by name what is wrong'],
  [/^(gazetteer_\w+) /, 'written by migrate and operators'],
  [
    / PRIMARY KEY /,
    'the grain of the step that writes the table: one row a key comes out of its SELECT (step.test.ts)',
  ],
  [/FOREIGN KEY/, 'a definition that is deleted waits for the batch under way (forget_quest)'],
  [/ UNIQUE /, 'user_key: the grain is the user; slugs: operators'],
  [
    /tap_count > 0|tap_count >= 0|_count >= 0|cardinality\(\w+\) > 0/,
    'counts and lists of rows that are there',
  ],
  [
    /first_tap_at <= last_tap_at|started_on <= ended_on|start_time < end_time/,
    'minimum and maximum of the same rows; of the dates of two taps the later tap has the earlier one by a day at most (midnights.test.ts)',
  ],
  [/u1_key <> u2_key|u1 < u2/, 'least and greatest of two different ids'],
  [/iso_week >= 1|isodow|week_start/, 'made of a date'],
  [
    /_rank > 0|streak_days > 0|longest_streak_days > 0|current_streak_days >= 0|strength_f32 > |taps_90d > 0/,
    'ranks, lengths of runs with a day, 0.6 * ln(2) at least',
  ],
  [/length\(friends\)/, 'eight bytes for each of the connections that are there'],
  [/new_first_degree >= 0|delta_second_degree >= 0|second_degree\w* >= 0/, 'numbers of users'],
  [
    /surge_multiplier >= |expected_taps > |tap_count >= 5|unique_users >= 5|slot >= 0|geohash5 ~/,
    'docs/semantics.md#surges: five taps and users, expected at least 0.02 * 0.67, a multiplier of 1.5 to 10, a cell and an hour of the week',
  ],
  [
    /confidence|country|state|geohash5/,
    'home_location_struct: constants of the step, codes of the gazetteer',
  ],
];

test('every constraint has a reason why no source breaks it', async () => {
  const constraints = await database.rows<{ name: string }>(
    `select conrelid::regclass || ' ' || pg_get_constraintdef(oid) as name
     from pg_constraint where connamespace = 'gamification'::regnamespace and contype in ('c', 'p', 'u', 'f') order by 1`,
  );
  expect(constraints.length).toBeGreaterThan(50);
  expect(constraints.filter(({ name }) => !reasons.some(([pattern]) => pattern.test(name)))).toEqual([]);
});
