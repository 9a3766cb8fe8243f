import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonLines } from './cli.js';
import { type Corruption, expectFound, expectRepaired } from './corruption.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from './database.js';

const asOf = '2026-02-11';

/** A small community in which every figure occurs: two weeks, a streak, ties old and new, friends of friends. */
const fill = async (database: TestDatabase): Promise<void> => {
  await addUsers(database, 1, 2, 3, 4, 5, 6);
  for (const [one, other, time] of [
    [1, 2, '2025-10-20T10:00Z'],
    [1, 2, '2026-02-02T10:00Z'],
    [2, 3, '2026-02-03T11:00Z'],
    [1, 2, '2026-02-03T12:00Z'],
    [3, 4, '2026-02-04T09:00Z'],
    [1, 4, '2026-02-04T20:00Z'],
    [4, 5, '2026-02-09T08:00Z'],
    [1, 2, '2026-02-10T08:00Z'],
    [5, 6, '2026-02-10T09:00Z'],
    [1, 5, '2026-02-11T09:00Z'],
    [1, 5, '2026-02-11T09:30Z'],
  ] as const) {
    await addTap(database, one, other, time);
  }
  await database.ok(['backfill', '--to', asOf]);
};

let database: TestDatabase;
let figures: string;
beforeAll(async () => {
  database = await createDatabase();
  await fill(database);
  figures = await figuresOf(database);
});
afterAll(() => database.drop());

const figureTables = [
  'user_day_activity',
  'user_week_activity',
  'user_streaks',
  'edge_strength',
  'weekly_leaderboard',
  'pair_day',
  'pair',
  'activity_run',
];

/** All figures as text, without private keys and times of writing. */
const figuresOf = async (database: TestDatabase): Promise<string> => {
  const parts: string[] = [];
  for (const table of figureTables) {
    const isPrivate = ['pair_day', 'pair', 'activity_run'].includes(table);
    const names = isPrivate
      ? table === 'activity_run'
        ? "to_jsonb(figure) - 'user_key' || jsonb_build_object('u', (select user_id from user_key where user_key.user_key = figure.user_key))"
        : `to_jsonb(figure) - 'u1_key' - 'u2_key' || jsonb_build_object(
             'u1', (select user_id from user_key where user_key = u1_key),
             'u2', (select user_id from user_key where user_key = u2_key))`
      : "to_jsonb(figure) - 'last_updated_at'";
    const rows = await database.rows<{ text: string }>(
      `select (${names})::text as text from ${table} as figure order by 1`,
    );
    parts.push(table, ...rows.map(({ text }) => text));
  }
  return parts.join('\n');
};

const one = userId(1);
const two = userId(2);
const ghost = userId(99);
const keyOf = (user: string) => `(select user_key from user_key where user_id = '${user}')`;
const pairOf = `u1_key = ${keyOf(one)} and u2_key = ${keyOf(two)}`;

const corruptions: Corruption[] = [
  ...(['tap_count', 'first_degree_new_count'] as const).map(
    (column): Corruption => [
      `user_day_activity.${column}`,
      `update user_day_activity set ${column} = ${column} + 1 where user_id = '${one}' and day = '2026-02-03'`,
      'user_day_activity',
      column,
    ],
  ),
  [
    'user_day_activity.day',
    `update user_day_activity set day = '2026-02-05' where user_id = '${one}' and day = '2026-02-03'`,
    'user_day_activity',
    'row',
  ],
  [
    'user_day_activity.user_id',
    `update user_day_activity set user_id = '${ghost}' where user_id = '${one}' and day = '2026-02-03'`,
    'user_day_activity',
    'row',
  ],
  [
    'user_day_activity deleted',
    `delete from user_day_activity where user_id = '${one}' and day = '2026-02-03'`,
    'user_day_activity',
    'row',
  ],
  [
    'user_day_activity invented',
    `insert into user_day_activity values ('${ghost}', '2027-01-01', 1, 0)`,
    'user_day_activity',
    'row',
  ],
  ...(['tap_count', 'first_degree_new_count', 'second_degree_count', 'second_degree_new_count'] as const).map(
    (column): Corruption => [
      `user_week_activity.${column}`,
      `update user_week_activity set ${column} = ${column} + 1 where user_id = '${one}' and iso_week = 6`,
      'user_week_activity',
      column,
    ],
  ),
  [
    'user_week_activity.year',
    `update user_week_activity set year = 2025 where user_id = '${one}' and iso_week = 6`,
    'user_week_activity',
    'row',
  ],
  [
    'user_week_activity.iso_week',
    `update user_week_activity set iso_week = 8 where user_id = '${one}' and iso_week = 6`,
    'user_week_activity',
    'row',
  ],
  [
    'user_week_activity.user_id',
    `update user_week_activity set user_id = '${ghost}' where user_id = '${one}' and iso_week = 6`,
    'user_week_activity',
    'row',
  ],
  [
    'user_week_activity deleted',
    `delete from user_week_activity where user_id = '${two}' and iso_week = 7`,
    'user_week_activity',
    'row',
  ],
  [
    'user_week_activity invented',
    `insert into user_week_activity (user_id, year, iso_week, tap_count, first_degree_new_count, second_degree_count, second_degree_new_count) values ('${ghost}', 2026, 6, 1, 0, 0, 0)`,
    'user_week_activity',
    'row',
  ],
  ...(
    [
      ['current_streak_days', 'current_streak_days + 1'],
      ['longest_streak_days', 'longest_streak_days + 1'],
      ['last_active_day', 'last_active_day - 1'],
      ['streak_started_on', 'streak_started_on - 1'],
      ['last_tap_at', "last_tap_at - interval '1 second'"],
    ] as const
  ).map(
    ([column, value]): Corruption => [
      `user_streaks.${column}`,
      `update user_streaks set ${column} = ${value} where user_id = '${one}'`,
      'user_streaks',
      column,
    ],
  ),
  [
    'user_streaks.user_id',
    `update user_streaks set user_id = '${ghost}' where user_id = '${one}'`,
    'user_streaks',
    'row',
  ],
  ['user_streaks deleted', `delete from user_streaks where user_id = '${two}'`, 'user_streaks', 'row'],
  [
    'user_streaks invented',
    `insert into user_streaks values ('${ghost}', 1, 1, '${asOf}', '${asOf}', '${asOf}T09:00Z')`,
    'user_streaks',
    'row',
  ],
  ...(
    [
      ['taps_90d', 'taps_90d + 1'],
      ['last_tap_at', "last_tap_at + interval '1 second'"],
      ['strength_f32', 'strength_f32 + 0.001'],
    ] as const
  ).map(
    ([column, value]): Corruption => [
      `edge_strength.${column}`,
      `update edge_strength set ${column} = ${value} where u1 = '${one}' and u2 = '${two}'`,
      'edge_strength',
      column,
    ],
  ),
  [
    'edge_strength.u2',
    `update edge_strength set u2 = '${ghost}' where u1 = '${one}' and u2 = '${two}'`,
    'edge_strength',
    'row',
  ],
  [
    'edge_strength deleted',
    `delete from edge_strength where u1 = '${one}' and u2 = '${two}'`,
    'edge_strength',
    'row',
  ],
  [
    'edge_strength invented',
    `insert into edge_strength values ('${userId(98)}', '${ghost}', 1, '${asOf}T09:00Z', 0.8158883)`,
    'edge_strength',
    'row',
  ],
  ...(
    [
      ['new_first_degree', 'new_first_degree + 1'],
      ['delta_second_degree', 'delta_second_degree + 1'],
      ['streak_days', 'streak_days + 1'],
      ['connectors_rank', 'coalesce(connectors_rank, 0) + 1'],
      ['builders_rank', 'coalesce(builders_rank, 0) + 1'],
      ['streak_rank', 'null'],
    ] as const
  ).map(
    ([column, value]): Corruption => [
      `weekly_leaderboard.${column}`,
      `update weekly_leaderboard set ${column} = ${value} where user_id = '${one}' and iso_week = 6`,
      'weekly_leaderboard',
      column,
    ],
  ),
  [
    'weekly_leaderboard.iso_week',
    `update weekly_leaderboard set iso_week = 53 where user_id = '${one}' and iso_week = 6`,
    'weekly_leaderboard',
    'row',
  ],
  [
    'weekly_leaderboard.user_id',
    `update weekly_leaderboard set user_id = '${ghost}' where user_id = '${one}' and iso_week = 6`,
    'weekly_leaderboard',
    'row',
  ],
  [
    'weekly_leaderboard deleted',
    `delete from weekly_leaderboard where user_id = '${two}' and iso_week = 7`,
    'weekly_leaderboard',
    'row',
  ],
  [
    'weekly_leaderboard invented',
    `insert into weekly_leaderboard (user_id, year, iso_week, new_first_degree, delta_second_degree, streak_days) values ('${ghost}', 2026, 7, 0, 0, 1)`,
    'weekly_leaderboard',
    'row',
  ],
  ...(
    [
      ['tap_count', 'tap_count + 1'],
      ['first_tap_at', "first_tap_at - interval '1 second'"],
      ['last_tap_at', "last_tap_at + interval '1 second'"],
    ] as const
  ).map(
    ([column, value]): Corruption => [
      `pair_day.${column}`,
      `update pair_day set ${column} = ${value} where ${pairOf} and day = '2026-02-10'`,
      'pair_day',
      column,
    ],
  ),
  [
    'pair_day.day',
    `update pair_day set day = '2030-01-01' where ${pairOf} and day = '2026-02-10'`,
    'pair_day',
    'row',
  ],
  [
    'pair_day.u2_key',
    `update pair_day set u2_key = 7777 where ${pairOf} and day = '2026-02-10'`,
    'pair_day',
    'row',
  ],
  ['pair_day deleted', `delete from pair_day where ${pairOf} and day = '2026-02-10'`, 'pair_day', 'row'],
  [
    'pair_day invented',
    `insert into pair_day values (${keyOf(one)}, ${keyOf(userId(6))}, '2026-02-10', 1, '2026-02-10T10:00Z', '2026-02-10T10:00Z')`,
    'pair_day',
    'row',
  ],
  ...(
    [
      ['first_tap_at', "first_tap_at - interval '1 second'"],
      ['first_day', 'first_day + 105'],
      ['last_tap_at', "last_tap_at + interval '1 second'"],
      ['last_day', 'last_day + 1'],
      ['tap_count', 'tap_count + 1'],
    ] as const
  ).map(
    ([column, value]): Corruption => [
      `connection.${column}`,
      `update pair set ${column} = ${value} where ${pairOf}`,
      'connection',
      column,
    ],
  ),
  ['pair.u1_key', `update pair set u1_key = 7777 where ${pairOf}`, 'connection', 'row'],
  [
    'pair turned round',
    `update pair set u1_key = u2_key, u2_key = u1_key where ${pairOf}`,
    'connection',
    'row',
  ],
  ['pair deleted', `delete from pair where ${pairOf}`, 'connection', 'row'],
  [
    'pair invented',
    `insert into pair values (${keyOf(two)}, ${keyOf(userId(6))}, '2026-02-03T10:00Z', '2026-02-03', '2026-02-03T10:00Z', '2026-02-03', 1)`,
    'connection',
    'row',
  ],
  [
    'activity_run.started_on',
    `update activity_run set started_on = started_on - 1 where user_key = ${keyOf(one)} and ended_on = '2026-02-04'`,
    'activity_run',
    'started_on',
  ],
  [
    'activity_run.ended_on',
    `update activity_run set ended_on = ended_on + 1 where user_key = ${keyOf(one)} and ended_on = '2026-02-04'`,
    'activity_run',
    'row',
  ],
  [
    'activity_run.user_key',
    `update activity_run set user_key = 7777 where user_key = ${keyOf(one)} and ended_on = '2026-02-04'`,
    'activity_run',
    'row',
  ],
  [
    'activity_run deleted',
    `delete from activity_run where user_key = ${keyOf(one)} and ended_on = '2026-02-04'`,
    'activity_run',
    'row',
  ],
  [
    'activity_run invented',
    `insert into activity_run values (${keyOf(one)}, '2026-01-01', '2026-01-02')`,
    'activity_run',
    'row',
  ],
  [
    'user_key.user_id',
    `update user_key set user_id = '${ghost}' where user_id = '${one}'`,
    'user_key',
    'row',
  ],
  ['user_key deleted', `delete from user_key where user_id = '${one}'`, 'user_key', 'row'],
  ['user_key invented', `insert into user_key values (7777, '${ghost}')`, 'user_key', 'row'],
];

test('a correct database is found correct, in full and by sample', async () => {
  const full = await database.cli(['verify', '--full']);
  expect(full).toMatchObject({ code: 0, stderr: '' });
  expect(full.stdout).toContain('All equal.');
  const sampled = await database.cli(['verify', '--sample', '2', '--seed', 'x']);
  expect(sampled.stdout).toContain('All equal.');
  expect(sampled.code).toBe(0);
});

test('every corruption is found by a full verification', () => expectFound(database, corruptions));

test('what no other row follows from is repaired as well: by the same path, in one round', async () => {
  const hard = [
    'user_day_activity invented',
    'user_week_activity invented',
    'user_week_activity deleted',
    'user_streaks deleted',
    'edge_strength invented',
    'weekly_leaderboard.iso_week',
    'pair_day.day',
    'pair_day.u2_key',
    'connection.first_day',
    'pair deleted',
    'pair invented',
    'activity_run.user_key',
    'activity_run deleted',
    'user_key.user_id',
    'user_key deleted',
    'user_key invented',
  ];
  await expectRepaired(
    database,
    corruptions.filter(([name]) => hard.includes(name)),
    async (name) => expect(await figuresOf(database), name).toBe(figures),
  );
});

test('verify --repair repairs what it reports with exit code 3, and is silent afterwards', async () => {
  await database.client.query(`update user_streaks set longest_streak_days = 77 where user_id = '${one}'`);
  const wrong = await database.cli(['verify', '--full', '--json']);
  expect(wrong.code).toBe(3);
  expect(jsonLines(wrong.stdout)).toContainEqual(
    expect.objectContaining({
      event: 'finding',
      table: 'user_streaks',
      key: `user_id ${one}`,
      column: 'longest_streak_days',
      stored: '77',
      expected: '3',
      why: `arc-gam why streak --user ${one}`,
    }),
  );
  const repaired = await database.cli(['verify', '--full', '--repair']);
  expect(repaired).toMatchObject({ code: 0, stderr: '' });
  expect((await database.cli(['verify', '--full'])).code).toBe(0);
  expect(await figuresOf(database)).toBe(figures);
});

test('a tap that came late is told once, as a stale day, and hides no corruption', async () => {
  const late = await createDatabase();
  try {
    await fill(late);
    await addTap(late, 1, 3, '2026-02-03T15:00Z');
    const stale = await late.cli(['verify', '--full', '--json']);
    expect(stale.code).toBe(3);
    expect(jsonLines(stale.stdout).filter(({ event }) => event === 'finding')).toEqual([
      expect.objectContaining({ state: 'stale', key: 'day 2026-02-03', stored: '2', expected: '3' }),
    ]);
    expect((await late.cli(['verify', '--full', '--stale-ok'])).code).toBe(0);
    await late.client.query(`update user_streaks set longest_streak_days = 77 where user_id = '${one}'`);
    const both = await late.cli(['verify', '--full', '--stale-ok']);
    expect(both.code).toBe(3);
    expect(both.stdout).toContain('longest_streak_days is 77, expected 3');
    expect((await late.cli(['verify', '--full', '--repair'])).code).toBe(0);
  } finally {
    await late.drop();
  }
});

test('what could not be checked is exit code 1, a wrong flag 2', async () => {
  const empty = await createDatabase({ empty: true });
  try {
    const result = await empty.cli(['verify']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('arc-gam migrate');
    expect((await database.cli(['verify', '--table', 'nothing'])).code).toBe(2);
    expect((await database.cli(['verify', '--date', '1999-01-01'])).code).toBe(2);
  } finally {
    await empty.drop();
  }
});

test("operators' own SQL finds the tables", async () => {
  const [fresh] = await database.rows(
    'select max(last_updated_at) is not null as is_there, count(*)::int as weeks from user_week_activity',
  );
  expect(fresh).toEqual({ is_there: 't', weeks: '11' });
  const sizes = await database.rows(
    `select tablename from pg_tables where schemaname = 'gamification'
       and pg_total_relation_size(format('%I.%I', schemaname, tablename)) > 0 and tablename = any ($1)`,
    [['user_day_activity', 'user_week_activity', 'user_streaks', 'edge_strength', 'weekly_leaderboard']],
  );
  expect(sizes).toHaveLength(5);
});
