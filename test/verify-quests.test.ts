import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Corruption, expectFound, expectRepaired } from './corruption.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from './database.js';

const asOf = '2026-02-11';

const metrics = [
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

let database: TestDatabase;
let figures: string;

/** Taps of a crowd after weeks of a tap each, strangers among them; all metrics and windows; no quest is left out. */
const fill = async (): Promise<void> => {
  await addUsers(database, ...Array.from({ length: 9 }, (_, index) => index + 1));
  await database.client.query(
    `insert into quest_definitions (slug, title, quest_type, requirements)
     select format('test-%s', number), 'Test', 'community', rule
     from jsonb_array_elements($1::jsonb) with ordinality as given (rule, number)`,
    [JSON.stringify(metrics.map(([metric, target, window]) => ({ metric, target, window })))],
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
  await database.ok(['backfill', '--to', asOf]);
};

beforeAll(async () => {
  database = await createDatabase();
  await fill();
  figures = await figuresOf();
});
afterAll(() => database.drop());

/** All that quests and surges are made of; private keys may be given anew by a repair, so here none is. */
const figuresOf = async (): Promise<string> => {
  const parts: string[] = [];
  for (const table of [
    'user_quest_progress',
    'pair_day_tap',
    'user_cell_day',
    'user_cell',
    'area_hour',
    'surge_hour',
    'surge_area',
    'surge_windows',
    'unknown_user_day',
  ]) {
    const rows = await database.rows<{ text: string }>(
      `select figure::text as text from ${table} as figure order by 1`,
    );
    parts.push(table, ...rows.map(({ text }) => text));
  }
  return parts.join('\n');
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

const corruptions: Corruption[] = [
  ...metrics.flatMap((_, index) => [
    progress(index + 1, "progress = jsonb_set(progress, '{count}', '7')"),
    progress(index + 1, "completed_at = coalesce(completed_at, '2026-02-01') - interval '1 second'"),
  ]),
  progress(1, "progress = jsonb_set(progress, '{target}', '7')"),
  progress(1, "progress = jsonb_set(progress, '{pct}', '7')"),
  progress(1, 'progress = progress || \'{"more": 1}\''),
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
      ['day', 'day = day + 1'],
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
    'area_hour of no day',
    "update area_hour set day = '2031-01-01' where starts_at = '2026-02-02T18:00Z'",
    'area_hour',
    'day',
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
  [
    'surge_hour.next_expected_taps',
    "update surge_hour set next_expected_taps = 9 where starts_at = '2026-02-02T18:00Z'",
    'surge_windows',
    'expected_taps',
  ],
  // Too little to move a rounded figure of a window.
  ...(['expected_taps', 'next_expected_taps'] as const).map(
    (column): Corruption => [
      `surge_hour.${column} a little`,
      `update surge_hour set ${column} = ${column} + 0.00003 where starts_at = '2026-02-02T18:00Z'`,
      'surge_hour',
      column,
    ],
  ),
  [
    'surge_hour deleted',
    "delete from surge_hour where starts_at = '2026-02-02T18:00Z'",
    'surge_windows',
    'row',
  ],
  [
    'surge_hour invented',
    "insert into surge_hour values ('ezs42', '2031-01-01T10:00Z', 9, 1, 1)",
    'surge_hour',
    'row',
  ],
  ['surge_area.area_name', "update surge_area set area_name = 'Nowhere'", 'surge_area', 'area_name'],
  ['surge_area deleted', 'delete from surge_area', 'surge_area', 'row'],
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
    'row',
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

test('the community has progress in every quest, and a surge', async () => {
  const quests = await database.rows(
    "select count(distinct quest_id)::text as count from user_quest_progress join quest_definitions using (quest_id) where slug like 'test-%'",
  );
  expect(quests).toEqual([{ count: String(metrics.length) }]);
  expect(await database.rows('select tap_count, unique_users from surge_windows')).toEqual([
    { tap_count: '24', unique_users: '7' },
  ]);
});

test('every corruption of quests, surges and what they are made of is found', () =>
  expectFound(database, corruptions));

test('an hour that was never flagged, so that its window is missing too, is found from the source', () =>
  expectFound(database, [
    [
      'surge_hour and surge_windows deleted',
      `with gone as (delete from surge_hour returning geohash5)
       delete from surge_windows where geohash5 in (select geohash5 from gone)`,
      'surge_hour',
      'row',
    ],
  ]));

test('and each kind of it is repaired by the same path, in one round', () =>
  expectRepaired(
    database,
    corruptions.filter(
      ([name]) => /deleted|invented|overlapping| of |window_id|\.day/.test(name) && !/^progress/.test(name),
    ),
    async (name) => expect(await figuresOf(), name).toBe(figures),
  ));

test('a quest that was defined since the last run is told once, as stale', async () => {
  await database.client.query("update quest_definitions set is_active = false where slug = 'test-1'");
  const changed = await database.cli(['verify', '--full']);
  expect(changed.code).toBe(3);
  expect(changed.stdout).toContain('quest test-1: definition');
  expect(changed.stderr).not.toContain('differ');
  expect((await database.cli(['verify', '--full', '--repair'])).code).toBe(0);
});
