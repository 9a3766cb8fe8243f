import { afterAll, beforeAll, expect, test } from 'vitest';
import { asOf, figuresOf, fillCommunity } from '../figures/community.js';
import { createDatabase, type TestDatabase, userId } from '../server/database.js';
import { type Corruption, expectFound, expectRepaired } from './corruption.js';

let database: TestDatabase;
let figures: string;
beforeAll(async () => {
  database = await createDatabase();
  await fillCommunity(database);
  figures = await figuresOf(database);
});
afterAll(() => database.drop());

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
  ...(['week', 'second_degree_count', 'second_degree_new_count'] as const).map(
    (column): Corruption => [
      `second_degree.${column}`,
      `update second_degree set ${column} = ${column} + 1 where user_key = ${keyOf(one)}`,
      'second_degree',
      column,
    ],
  ),
  [
    'second_degree.user_key',
    `update second_degree set user_key = 7777 where user_key = ${keyOf(one)}`,
    'second_degree',
    'row',
  ],
  [
    'second_degree deleted',
    `delete from second_degree where user_key = ${keyOf(one)}`,
    'second_degree',
    'row',
  ],
  // The days of first taps, and the friends, of the first entry; a list that is not in the order of the keys; one entry
  // less.
  [
    'friend_list.first_day',
    `update friend_list set friends = set_byte(friends, 7, get_byte(friends, 7) # 1) where user_key = ${keyOf(one)}`,
    'friend_list',
    'first_day',
  ],
  [
    'friend_list.friend_key',
    `update friend_list set friends = set_byte(friends, 0, 1) where user_key = ${keyOf(one)}`,
    'friend_list',
    'friend_id',
  ],
  [
    'friend_list out of order',
    `update friend_list set friends = substring(friends from 9) || substring(friends for 8) where user_key = ${keyOf(one)}`,
    'friend_list',
    'friend_id',
  ],
  [
    'friend_list shortened',
    `update friend_list set friends = substring(friends for length(friends) - 8) where user_key = ${keyOf(one)}`,
    'friend_list',
    'row',
  ],
  ['friend_list deleted', `delete from friend_list where user_key = ${keyOf(one)}`, 'friend_list', 'row'],
  ['friend_list invented', "insert into friend_list values (7777, '\\x0000000100000001')", 'pair_day', 'row'],
  ['second_degree invented', 'insert into second_degree values (7777, 1, 1, 1)', 'pair_day', 'row'],
  [
    'user_key.user_id',
    `update user_key set user_id = '${ghost}' where user_id = '${one}'`,
    'user_key',
    'row',
  ],
  ['user_key deleted', `delete from user_key where user_id = '${one}'`, 'user_key', 'row'],
  ['user_key invented', `insert into user_key values (7777, '${ghost}')`, 'user_key', 'row'],
];

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
    'second_degree.week',
    'second_degree.second_degree_count',
    'second_degree.user_key',
    'second_degree deleted',
    'second_degree invented',
    'friend_list.first_day',
    'friend_list out of order',
    'friend_list deleted',
    'friend_list invented',
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
