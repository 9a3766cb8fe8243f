import { addTap, addUsers, type TestDatabase, userId } from '../server/database.js';
import type { Corruption } from './corruption.js';

export const asOf = '2026-02-11';

/** The rules of quests test-1, test-2, ...: every metric and window. */
export const metrics = [
  ['taps', 3, 'week'],
  ['taps', 2, 'day'],
  ['taps', 50, 'weekend'],
  ['active_days', 2, 'week'],
  ['streak_days', 2, 'weekend'],
  ['streak_days', 2, 'day'],
  ['new_people', 1, 'day'],
  ['reconnections', 1, 'weekend'],
  ['reconnections', 1, 'week'],
  ['new_areas', 1, 'day'],
  ['assists', 1, 'week'],
  ['assists', 1, 'weekend'],
] as const;

const paris = [48.85, 2.35] as const;
const tokyo = [35.68, 139.69] as const;

/**
 * Areas where taps are usual, so that a surge is less than ten times what was expected: four uneven weeks with taps at
 * other hours, and three weeks, the fewest that are a baseline.
 */
const usual: readonly [start: string, tapCount: number, place: readonly [number, number]][] = [
  ['2026-01-06T18:00Z', 5, paris],
  ['2026-01-07T18:00Z', 1, paris],
  ['2026-01-10T18:00Z', 2, paris],
  ['2026-01-13T18:00Z', 9, paris],
  ['2026-01-14T09:00Z', 1, paris],
  ['2026-01-20T18:00Z', 6, paris],
  ['2026-01-24T18:00Z', 2, paris],
  ['2026-01-27T18:00Z', 7, paris],
  ['2026-02-03T18:00Z', 30, paris],
  ['2026-01-14T10:00Z', 1, tokyo],
  ['2026-01-21T10:00Z', 1, tokyo],
  ['2026-01-28T10:00Z', 1, tokyo],
  ['2026-02-04T10:00Z', 12, tokyo],
];

/**
 * Taps of a crowd after weeks of a tap each, strangers and homes among them; all metrics and windows; no quest is left
 * out.
 */
export const fillCrowd = async (database: TestDatabase): Promise<void> => {
  await addUsers(database, ...Array.from({ length: 13 }, (_, index) => index + 1));
  await database.client.query(
    `insert into quest_definitions (slug, title, quest_type, requirements)
     select format('test-%s', number), 'Test', 'community', rule
     from jsonb_array_elements($1::jsonb) with ordinality as given (rule, number)`,
    [JSON.stringify(metrics.map(([metric, target, window]) => ({ metric, target, window })))],
  );
  await database.client.query(
    `insert into quest_definitions (slug, title, quest_type, requirements, active_from, active_until)
     select format('bound-%s', number), 'Bound', 'community', '{"metric": "taps", "target": 1, "window": "week"}', since, until
     from (values (1, date '2026-02-02', null), (2, null, date '2026-02-02')) as bound (number, since, until)`,
  );
  for (const [one, other, time] of [
    [1, 2, '2025-12-20T10:00Z'],
    [1, 2, '2026-01-31T10:00Z'],
    [1, 2, '2026-01-31T11:00Z'],
    [1, 2, '2026-01-31T12:00Z'],
    [1, 3, '2026-02-01T09:00Z'],
    [2, 3, '2026-02-02T09:00Z'],
    [3, 4, '2026-02-03T09:00Z'],
    [2, 4, '2026-02-07T09:00Z'],
    [5, 6, '2026-02-09T09:00Z'],
    [5, 6, '2026-02-09T10:00Z'],
    [7, 8, '2026-02-10T09:00Z'],
    [4, 6, '2026-02-10T10:00Z'],
    [10, 11, '2026-02-10T10:00Z'],
    // A streak that is alive; ties that are 90 and 89 days old; days that are 30 apart.
    [10, 11, '2026-02-11T10:00Z'],
    [8, 10, '2025-11-13T10:00Z'],
    [9, 10, '2025-11-14T10:00Z'],
    [3, 10, '2026-01-01T10:00Z'],
    [3, 10, '2026-01-31T10:00Z'],
    // Triangles of which two sides are of one day: no assist.
    [7, 10, '2026-02-10T12:00Z'],
    [9, 11, '2026-02-11T09:00Z'],
    [8, 11, '2026-02-11T10:00Z'],
    // Two who know nobody else.
    [12, 13, '2026-02-11T10:00Z'],
  ] as const)
    await addTap(database, one, other, time);
  await database.client.query('insert into taps (id1, id2, time) values ($1, $2, $3)', [
    userId(1),
    userId(77),
    '2026-02-03T10:00Z',
  ]);
  for (const week of ['01-05', '01-12', '01-19', '01-26'])
    await database.client.query(
      `insert into taps (id1, id2, time, latitude, longitude) values ($1, $2, $3, 40.75, -73.99)`,
      [userId(8), userId(9), `2026-${week}T18:00Z`],
    );
  // Two flagged hours with a quiet one between them.
  await database.client.query(
    `insert into taps (id1, id2, time, latitude, longitude)
     select format('00000000-0000-4000-8000-%s', lpad((1 + number % 6)::text, 12, '0'))::uuid,
       format('00000000-0000-4000-8000-%s', lpad((2 + number % 6)::text, 12, '0'))::uuid,
       start + number * interval '1 minute', 40.75, -73.99
     from unnest(array['2026-02-02T18:00Z', '2026-02-02T20:00Z']::timestamptz[]) as hour (start)
     cross join generate_series(0, 11) as series (number)`,
  );
  await database.client.query(
    `insert into taps (id1, id2, time, latitude, longitude)
     select format('00000000-0000-4000-8000-%s', lpad((3 + number % 5)::text, 12, '0'))::uuid,
       format('00000000-0000-4000-8000-%s', lpad((3 + (number + 1) % 5)::text, 12, '0'))::uuid,
       start::timestamptz + number * interval '1 minute', latitude, longitude
     from jsonb_to_recordset($1::jsonb)
       as hour (start text, latitude double precision, longitude double precision, tap_count integer)
     cross join lateral generate_series(0, hour.tap_count - 1) as series (number)`,
    [
      JSON.stringify(
        usual.map(([start, tap_count, [latitude, longitude]]) => ({ start, tap_count, latitude, longitude })),
      ),
    ],
  );
  // Who taps in the quiet hour is not in the crowd.
  await database.client.query(
    "insert into taps (id1, id2, time, latitude, longitude) values ($1, $2, '2026-02-02T19:30Z', 40.75, -73.99)",
    [userId(8), userId(9)],
  );
  for (const [user, home] of [
    [1, 'Austin, TX'],
    [2, 'somewhere'],
    [3, 'Austin, TX'],
    [4, 'Texas'],
    [5, 'USA'],
  ] as const)
    await database.client.query('update users set home = $2 where id = $1', [userId(user), home]);
  await database.ok(['backfill', '--to', asOf]);
};

const one = userId(1);
const ghost = userId(99);
const key = `(select user_key from user_key where user_id = '${one}')`;
const quest = (number: number) => `(select quest_id from quest_definitions where slug = 'test-${number}')`;

const progress = (number: number, set: string): Corruption => [
  `progress of ${metrics[number - 1]?.join(' ')}: ${set}`,
  `update user_quest_progress set ${set}
   where (user_id, quest_id, week_start) = (
     select user_id, quest_id, week_start from user_quest_progress where quest_id = ${quest(number)}
     order by completed_at, user_id, week_start limit 1
   )`,
  'user_quest_progress',
  set.startsWith('completed_at')
    ? 'completed_at'
    : `progress${/\{(count|target|pct)\}/.test(set) ? `.${/\{(\w+)\}/.exec(set)?.[1]}` : ''}`,
];

const progressRow = (name: string, sql: string): Corruption => [
  `user_quest_progress ${name}`,
  sql,
  'user_quest_progress',
  'row',
];

const firstRow = 'ctid = (select min(ctid) from user_quest_progress)';

/** A row of everything that quests, places and surges are made of, spoilt. */
export const crowdCorruptions: Corruption[] = [
  ...metrics.flatMap((_, index) => [
    progress(index + 1, "progress = jsonb_set(progress, '{count}', '7')"),
    progress(index + 1, "completed_at = coalesce(completed_at, '2026-02-01') - interval '1 second'"),
  ]),
  progress(1, "progress = jsonb_set(progress, '{target}', '7')"),
  progress(1, "progress = jsonb_set(progress, '{pct}', '7')"),
  progress(1, 'progress = progress || \'{"more": 1}\''),
  [
    'progress of taps week: a count that is a text',
    `update user_quest_progress set progress = jsonb_set(progress, '{count}', to_jsonb(progress ->> 'count')) where ${firstRow}`,
    'user_quest_progress',
    'progress.count',
  ],
  progress(1, 'completed_at = null'),
  progressRow('deleted', `delete from user_quest_progress where ${firstRow}`),
  progressRow(
    'assists deleted',
    `delete from user_quest_progress where ctid = (
       select min(ctid) from user_quest_progress where quest_id = ${quest(11)})`,
  ),
  progressRow(
    'of nobody',
    `insert into user_quest_progress values ('${ghost}', ${quest(1)}, '2026-02-02', '{"count": 1, "target": 3, "pct": 33}')`,
  ),
  progressRow(
    'of a week without taps',
    `insert into user_quest_progress values ('${one}', ${quest(1)}, '2025-10-06', '{"count": 1, "target": 3, "pct": 33}')`,
  ),
  progressRow(
    'of no quest',
    `insert into user_quest_progress values ('${one}', '${ghost}', '2026-02-02', '{"count": 1, "target": 3, "pct": 33}')`,
  ),
  progressRow('of another user', `update user_quest_progress set user_id = '${ghost}' where ${firstRow}`),
  progressRow(
    'of another week',
    `update user_quest_progress set week_start = week_start - 70 where ${firstRow}`,
  ),
  ...(
    [
      [
        'tapped_at',
        "update pair_day_tap set tapped_at = array[tapped_at[1] + interval '1 second'] where day = '2026-01-31'",
        'tapped_at',
      ],
      ['deleted', "delete from pair_day_tap where day = '2026-01-31'", 'row'],
      [
        'invented',
        `insert into pair_day_tap values (1, 2, '2025-12-20', array[timestamptz '2025-12-20T10:00Z'])`,
        'row',
      ],
    ] as const
  ).map(([name, sql, column]): Corruption => [`pair_day_tap ${name}`, sql, 'pair_day_tap', column]),
  [
    'pair_day_tap of no day',
    "update pair_day_tap set day = '2031-01-01' where day = '2026-01-31'",
    'pair_day',
    'row',
  ],
  ...(
    [
      [
        'first_tap_at',
        `update user_cell_day set first_tap_at = first_tap_at - interval '1 second' where user_key = ${key}`,
        'first_tap_at',
      ],
      ['geohash5', `update user_cell_day set geohash5 = 'ezs42' where user_key = ${key}`, 'row'],
      ['deleted', `delete from user_cell_day where user_key = ${key}`, 'row'],
      [
        'invented',
        `insert into user_cell_day values (${key}, 'ezs42', '2026-02-11', '2026-02-11T10:00Z')`,
        'row',
      ],
    ] as const
  ).map(([name, sql, column]): Corruption => [`user_cell_day ${name}`, sql, 'user_cell_day', column]),
  [
    'user_cell_day of no day',
    `update user_cell_day set day = '2031-01-01' where user_key = ${key}`,
    'pair_day',
    'row',
  ],
  [
    'user_cell_day of nobody',
    `update user_cell_day set user_key = 7777 where user_key = ${key}`,
    'pair_day',
    'row',
  ],
  ...(
    [
      [
        'first_tap_at',
        `update user_cell set first_tap_at = first_tap_at - interval '1 second' where user_key = ${key}`,
        'first_tap_at',
      ],
      ['first_day', `update user_cell set first_day = first_day - 7 where user_key = ${key}`, 'first_day'],
      ['deleted', `delete from user_cell where user_key = ${key}`, 'row'],
      [
        'invented',
        `insert into user_cell values (${key}, 'ezs42', '2026-02-11', '2026-02-11T10:00Z')`,
        'row',
      ],
    ] as const
  ).map(([name, sql, column]): Corruption => [`user_cell ${name}`, sql, 'user_cell', column]),
  ['user_cell of nobody', `update user_cell set user_key = 7777 where user_key = ${key}`, 'pair_day', 'row'],
  ...(
    [
      ['tap_count', 'tap_count = tap_count + 1'],
      ['slot', 'slot = 1'],
      ['user_keys', 'user_keys = array[1]'],
    ] as const
  ).map(
    ([column, set]): Corruption => [
      `area_hour.${column}`,
      `update area_hour set ${set} where starts_at = '2026-02-02T18:00Z'`,
      'area_hour',
      column,
    ],
  ),
  [
    'area_hour.day',
    "update area_hour set day = day + 1 where starts_at = '2026-02-02T18:00Z'",
    'area_hour',
    'row',
  ],
  [
    'area_hour of no day',
    "update area_hour set day = '2031-01-01' where starts_at = '2026-02-02T18:00Z'",
    'pair_day',
    'row',
  ],
  ['area_hour deleted', "delete from area_hour where starts_at = '2026-02-02T18:00Z'", 'area_hour', 'row'],
  [
    'area_hour invented',
    "insert into area_hour values ('ezs42', '2026-02-11T10:00Z', '2026-02-11', 58, 1, array[1])",
    'area_hour',
    'row',
  ],
  ...(
    [
      ['end_time', "end_time = end_time + interval '1 hour'", 'end_time'],
      ['start_time', "start_time = start_time - interval '1 hour'", 'row'],
      ['geohash5', "geohash5 = 'ezs42'", 'row'],
      ['window_id', "window_id = 'mine'", 'window_id'],
      ['area_name', "area_name = 'Nowhere'", 'area_name'],
      ['surge_multiplier', 'surge_multiplier = surge_multiplier - 0.02', 'surge_multiplier'],
      ['expected_taps', 'expected_taps = expected_taps + 0.002', 'expected_taps'],
      ['tap_count', 'tap_count = tap_count + 1', 'tap_count'],
      ['unique_users', 'unique_users = unique_users - 1', 'unique_users'],
    ] as const
  ).map(
    ([name, set, column]): Corruption => [
      `surge_windows.${name}`,
      `update surge_windows set ${set} where geohash5 = 'dr5ru'`,
      'surge_windows',
      column,
    ],
  ),
  ['surge_windows deleted', "delete from surge_windows where geohash5 = 'dr5ru'", 'surge_windows', 'row'],
  [
    'surge_windows invented',
    `insert into surge_windows values
     ('ezs42-20310101T1000Z', 'X', 'ezs42', '2031-01-01T10:00Z', '2031-01-01T11:00Z', 6.00, 1.000, 11, 5)`,
    'surge_windows',
    'row',
  ],
  [
    'surge_windows overlapping',
    `insert into surge_windows values
     ('dr5ru-20260202T1900Z', 'X', 'dr5ru', '2026-02-02T19:00Z', '2026-02-02T20:00Z', 6.00, 1.000, 11, 5)`,
    'surge_windows',
    'start_time',
  ],
  [
    'surge_hour.tap_count',
    "update surge_hour set tap_count = tap_count + 2 where starts_at = '2026-02-02T18:00Z'",
    'surge_hour',
    'tap_count',
  ],
  [
    'surge_hour.expected_taps',
    "update surge_hour set expected_taps = 100 where starts_at = '2026-02-02T18:00Z'",
    'surge_hour',
    'expected_taps',
  ],
  // Too little to move a rounded figure of a window.
  [
    'surge_hour.expected_taps a little',
    "update surge_hour set expected_taps = expected_taps + 0.00003 where starts_at = '2026-02-02T18:00Z'",
    'surge_hour',
    'expected_taps',
  ],
  [
    'surge_hour.slot',
    "update surge_hour set slot = 1 where starts_at = '2026-02-02T18:00Z'",
    'surge_hour',
    'slot',
  ],
  [
    'surge_hour.day',
    "update surge_hour set day = day + 1 where starts_at = '2026-02-02T18:00Z'",
    'surge_hour',
    'row',
  ],
  ['surge_hour deleted', "delete from surge_hour where starts_at = '2026-02-02T18:00Z'", 'surge_hour', 'row'],
  [
    'surge_hour invented',
    "insert into surge_hour values ('ezs42', '2031-01-01T10:00Z', 9, 1, 58, '2031-01-01')",
    'surge_hour',
    'row',
  ],
  [
    'surge_area.area_name',
    "update surge_area set area_name = 'Nowhere' where geohash5 = 'dr5ru'",
    'surge_area',
    'area_name',
  ],
  ['surge_area deleted', "delete from surge_area where geohash5 = 'dr5ru'", 'surge_area', 'row'],
  ['surge_area invented', "insert into surge_area values ('u4pru', 'Nowhere', 'none')", 'surge_area', 'row'],
  [
    'unknown_user_day.user_hash',
    'update unknown_user_day set user_hash = 1 where ctid = (select min(ctid) from unknown_user_day)',
    'unknown_user_day',
    'row',
  ],
  [
    'unknown_user_day.day',
    "update unknown_user_day set day = '2031-01-01' where ctid = (select min(ctid) from unknown_user_day)",
    'unknown_user_day',
    'row',
  ],
  [
    'unknown_user_day.is_known',
    'update unknown_user_day set is_known = not is_known where ctid = (select min(ctid) from unknown_user_day)',
    'unknown_user_day',
    'is_known',
  ],
  [
    'unknown_user_day deleted',
    'delete from unknown_user_day where ctid = (select min(ctid) from unknown_user_day)',
    'unknown_user_day',
    'row',
  ],
  [
    'unknown_user_day invented',
    "insert into unknown_user_day values ('2026-02-11', 1)",
    'unknown_user_day',
    'row',
  ],
];
