import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSettings } from '../../src/config.js';
import { withDatabase } from '../../src/db/database.js';
import { type Session, withTransaction } from '../../src/db/transaction.js';
import { packagePath, readPackageFile } from '../../src/files.js';
import { loadSteps } from '../../src/pipeline/order.js';
import { type Check, loadChecks, parseCheck } from '../../src/verify/check.js';
import { comparisonOf, findingsOf } from '../../src/verify/comparison.js';
import { openScope } from '../../src/verify/scope.js';
import { verifyIn } from '../../src/verify/verify.js';
import { createDatabase, type TestDatabase, userId } from '../server/database.js';
import { type Corruption, everything, roundsOf } from './corruption.js';
import { crowdCorruptions, fillCrowd } from './crowd.js';
import { mutantsOf } from './mutants.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await fillCrowd(database);
});
afterAll(() => database.drop());

const inTransaction = <Result>(use: (session: Session) => Promise<Result>): Promise<Result> => {
  const settings = readSettings({ databaseUrl: database.url }, {});
  return withDatabase(settings, 'verify', undefined, (opened) => withTransaction(opened, settings, use));
};

/** Runs `work` and undoes what it did; an error is a result too. */
const undone = async (session: Session, work: () => Promise<string>): Promise<string> => {
  await session.script('savepoint before');
  const result = await work().catch((error: unknown) => `error: ${String(error)}`);
  await session.script('rollback to savepoint before');
  return result;
};

const checkFiles = readdirSync(packagePath('sql/checks'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.sql'))
  .map((path) => ({
    name: path.replace(/^.*[\\/]|\.sql$/g, ''),
    text: readPackageFile(`sql/checks/${path}`),
  }));

describe('a check is read from its file', () => {
  const good = `-- Why.
--! table: thing
--! says: things are things
--! key: user_id
--! compared: size
--! excused: size where abs(stored.size - expected.size) <= 1
--: expected
select 1
--: stored
select 2
`;

  test('its headers and sections', () => {
    const check = parseCheck('thing', good);
    expect(check).toMatchObject({ table: 'thing', key: ['user_id'], compared: ['size'], weight: 'finding' });
    expect(check.query).toEqual({ expected: 'select 1', stored: 'select 2' });
    expect([...check.excused]).toEqual([['size', 'abs(stored.size - expected.size) <= 1']]);
  });

  test.each([
    ['an unknown header', good.replace('says', 'said'), "unknown header '--! said"],
    ['a header twice', good.replace('--! says', '--! table: other\n--! says'), 'twice'],
    ['no table', good.replace('--! table: thing\n', ''), "'table' is missing"],
    ['no key', good.replace('--! key: user_id\n', ''), "'key' is missing"],
    ['an empty key', good.replace('key: user_id', 'key:'), "'key' is empty"],
    ['an unknown weight', good.replace('--! key', '--! weight: heavy\n--! key'), "unknown weight 'heavy'"],
    ['an excuse of nothing', good.replace('excused: size', 'excused: width'), 'of a compared column'],
    [
      'an excuse without a condition',
      good.replace(' where abs(stored.size - expected.size) <= 1', ''),
      'WHERE',
    ],
    ['nothing stored', good.replace(/--: stored\n.*\n/, ''), "its sections are 'expected'"],
    ['both forms', `${good}--: broken\nselect 3\n`, "its sections are 'expected, stored, broken'"],
  ])('%s is told', (_, text, words) => {
    expect(() => parseCheck('thing', text)).toThrow(new RegExp(words, 'i'));
    expect(() => parseCheck('thing', text)).toThrow('thing.sql');
  });
});

describe('what a comparison tells', () => {
  const check = (more: string, expected: string, stored: string): Check =>
    parseCheck(
      'thing',
      `--! table: thing\n--! says: so\n--! key: day\n--! compared: size, name\n${more}--: expected\n${expected}\n--: stored\n${stored}\n`,
    );
  const row = (day: string, size: string, name: string) =>
    `select date '${day}' as day, ${size} as size, ${name}::text as name`;
  const told = (given: Check, which: 'differing' | 'all' = 'differing') =>
    database.rows(`select day, column_name, stored, expected from (${comparisonOf(given, which)}) as told`);

  test('rows that are equal, nulls and types of number included, are not told', async () => {
    expect(
      await told(check('', row('2026-01-01', '1', 'null'), row('2026-01-01', "bigint '1'", 'null'))),
    ).toEqual([]);
  });

  test('a row that only one side has is one finding', async () => {
    const one = row('2026-01-01', '1', "'a'");
    const none = `${one} where false`;
    expect(await told(check('', one, none))).toEqual([
      { day: '2026-01-01', column_name: 'row', stored: 'missing', expected: 'there' },
    ]);
    expect(await told(check('', none, one))).toEqual([
      { day: '2026-01-01', column_name: 'row', stored: 'there', expected: 'no row' },
    ]);
  });

  test('every column that differs is one, null or not', async () => {
    expect(await told(check('', row('2026-01-01', '1', 'null'), row('2026-01-01', '2', "'b'")))).toEqual([
      { day: '2026-01-01', column_name: 'size', stored: '2', expected: '1' },
      { day: '2026-01-01', column_name: 'name', stored: 'b', expected: null },
    ]);
  });

  test('an excused difference is none, and hides no other one', async () => {
    const excused = '--! excused: size where abs(stored.size - expected.size) <= 1\n';
    expect(await told(check(excused, row('2026-01-01', '1', "'a'"), row('2026-01-01', '2', "'a'")))).toEqual(
      [],
    );
    expect(
      await told(check(excused, row('2026-01-01', '1', "'a'"), row('2026-01-01', '3', "'a'"))),
    ).toHaveLength(1);
    expect(
      await told(check(excused, row('2026-01-01', '1', "'a'"), row('2026-01-01', '2', "'b'"))),
    ).toMatchObject([{ column_name: 'name' }]);
    // An excuse that is not known is no excuse.
    expect(
      await told(check(excused, row('2026-01-01', 'null::integer', "'a'"), row('2026-01-01', '3', "'a'"))),
    ).toHaveLength(1);
  });

  test('all of it on request', async () => {
    expect(
      await told(check('', row('2026-01-01', '1', "'a'"), row('2026-01-01', '1', "'a'")), 'all'),
    ).toHaveLength(2);
  });
});

/** What may be known besides the source: the ledger, definitions, the gazetteer, and private keys as names of users. */
const ledger = [
  'processed_day',
  'setting',
  'run',
  'app_user',
  'quest_definitions',
  'quest_rule',
  'quest_derived',
  'gazetteer_place',
  'gazetteer_load',
  'user_key',
];

const publicTables = [
  'user_day_activity',
  'user_week_activity',
  'user_streaks',
  'edge_strength',
  'weekly_leaderboard',
  'home_location_struct',
  'user_quest_progress',
  'surge_windows',
];

const namesIn = (text: string): Set<string> =>
  new Set(text.replace(/^\s*--.*$/gm, '').match(/\b[a-z][a-z0-9_]*\b/g) ?? []);

test("no check reads a step's private table to judge that step's public one", () => {
  const written = new Set(loadSteps().map(({ table }) => table));
  const privateTables = [...written].filter(
    (table) => !publicTables.includes(table) && !ledger.includes(table),
  );
  expect(privateTables).toEqual(
    expect.arrayContaining(['pair_day', 'activity_run', 'second_degree', 'surge_hour']),
  );
  const judges = loadChecks().filter(({ table }) => publicTables.includes(table));
  expect(judges.length).toBeGreaterThan(publicTables.length);
  for (const { name, query } of judges) {
    const names = namesIn(Object.values(query).join('\n'));
    expect(
      privateTables.filter((table) => names.has(table)),
      name,
    ).toEqual([]);
  }
});

test('without the private tables, what a full verification expects of the public ones is the same', () =>
  inTransaction(async (session) => {
    await session.script(`
      delete from pair; delete from pair_day; delete from pair_day_tap; delete from activity_run;
      delete from second_degree; delete from friend_list; delete from user_cell; delete from user_cell_day; delete from area_hour;
      delete from surge_hour; delete from surge_area; delete from unknown_user_day; delete from user_key;`);
    const { results } = await verifyIn(session, everything);
    const wrong = results.filter(({ state }) => state !== 'ok').map(({ table }) => table);
    expect(wrong).toContain('pair_day');
    expect(wrong.filter((table) => publicTables.includes(table))).toEqual([]);
    await session.script('rollback');
  }));

/** Each with the check that must tell it, whatever others tell. */
const told: [check: string, ...Corruption][] = [
  ...(
    [
      ['unique_users', 'unique_users = 49', 'unique_users'],
      ['multiplier above', 'surge_multiplier = 10, expected_taps = 0.001', 'expected_taps'],
      ['end before', "start_time = end_time - interval '10 minutes'", 'end_time'],
      ['of no day', "start_time = '2031-01-01T10:00Z', end_time = '2031-01-01T12:00Z'", 'start_time'],
      ['low multiplier', 'surge_multiplier = 1.49', 'surge_multiplier'],
    ] as const
  ).map(([name, set, column]): [string, ...Corruption] => [
    name === 'multiplier above' ? 'surge_windows' : 'surge_sense',
    name,
    `update surge_windows set ${set} where geohash5 = 'dr5ru'`,
    'surge_windows',
    column,
  ]),
  ...(
    [
      ['home_location', 1, "city = 'Atlantis'", 'city'],
      ['home_location', 1, "geohash5 = 'ezs42'", 'city'],
      ['home_version', 1, "parser_version = 'another'", 'parser_version'],
      ['home_location', 4, "state = 'ZZ'", 'state'],
      ['home_location', 4, "country = 'FR'", 'state'],
      ['home_location', 5, "country = 'ZZ'", 'country'],
      ['home_location', 5, "state = 'TX'", 'method'],
      ['home_location', 2, "country = 'US', confidence = 0.7", 'method'],
      ['home_location', 5, "method = 'guess'", 'method'],
      ...['confidence = 0.5', "city = 'Dallas'", "state = 'OH'", "country = 'FR'", "geohash5 = 'ezs42'"].map(
        (set) => ['home_reading', 1, set, set.slice(0, set.indexOf(' '))] as const,
      ),
      ['home_reading', 1, "method = 'city_alone'", 'method'],
      ['home_text', 1, "original_text = 'x'", 'original_text'],
    ] as const
  ).map(([check, user, set, column]): [string, ...Corruption] => [
    check,
    set,
    `update home_location_struct set ${set} where user_id = '${userId(user)}'`,
    'home_location_struct',
    column,
  ]),
  [
    'home_text',
    'no row',
    `delete from home_location_struct where user_id = '${userId(1)}'`,
    'home_location_struct',
    'row',
  ],
  ['user_key', 'no key', `delete from user_key where user_id = '${userId(1)}'`, 'user_key', 'row'],
  [
    'frozen_day',
    'of a day that is not processed',
    // Before all that are processed: a later one would make them days that are to be frozen as well.
    "insert into frozen_day values ('2001-01-01', 0, 0, 0)",
    'frozen_day',
    'row',
  ],
  [
    'frozen_day',
    'and none of the day before it',
    'insert into frozen_day select min(day) + 1, 0, 0, 0 from processed_day',
    'frozen_day',
    'row',
  ],
  ['day_gap', 'a gap', "delete from processed_day where day = '2026-01-20'", 'processed_day', 'row'],
  ...(
    [
      ['pair_day', 'u1_key = 7777'],
      ['pair_day', "day = '2031-01-01'"],
      ['pair', 'u2_key = 7777'],
      ['activity_run', 'user_key = 7777'],
      ['activity_run', "ended_on = '2031-01-01'"],
      ['second_degree', 'user_key = 7777'],
      ['friend_list', 'user_key = 7777'],
      ['user_cell_day', 'user_key = 7777'],
      ['user_cell', 'user_key = 7777'],
      ['area_hour', "day = '2031-01-01'"],
      ['pair_day_tap', 'u1_key = 7777'],
      ['pair_day_tap', 'tapped_at = array[tapped_at[1], tapped_at[1]]'],
    ] as const
  ).map(([table, set]): [string, ...Corruption] => [
    'unowned_row',
    `${table} set ${set}`,
    `update ${table} set ${set} where ctid = (select min(ctid) from ${table})`,
    'pair_day',
    'row',
  ]),
];

test('every rule of a check is broken once, and told by that check', () =>
  inTransaction(async (session) => {
    for (const [check, name, sql, table, column] of told) {
      await session.script('savepoint correct');
      const changed = await session.query(`${sql} returning 1`);
      expect(changed.length, name).toBe(1);
      const { results } = await verifyIn(session, everything);
      expect(
        results
          .find((result) => result.check === check)
          ?.findings.map((finding) => `${finding.table}.${finding.column}`),
        `${check}: ${name}`,
      ).toContain(`${table}.${column}`);
      await session.script('rollback to savepoint correct');
    }
  }));

describe('no part of a check is idle', () => {
  /** What a check finds, as text; an error where it can't be asked. */
  const foundBy = (session: Session, check: Check): Promise<string> =>
    undone(session, async () => {
      await session.query(findingsOf(check), [check.name, check.table, null, null]);
      const rows = await session.query('select finding::text as text from finding order by finding::text');
      return JSON.stringify(rows);
    });

  const window = (id: string, from: string, to: string, users = 5) =>
    `insert into surge_windows values ('${id}', 'X', 'dr5ru', '${from}', '${to}', 1.5, 7, 11, ${users})`;
  const states = [
    [],
    // A tap that came late, and windows just near enough to its day and just far enough from it.
    [
      `insert into public.taps (id1, id2, time, latitude, longitude)
       values ('${userId(1)}', '${userId(4)}', '2026-02-03T15:00Z', 40.75, -73.99)`,
      window('a', '2026-02-02T22:00Z', '2026-02-02T23:00Z'),
      window('b', '2026-02-02T21:00Z', '2026-02-02T22:00Z'),
      window('c', '2026-02-04T02:00Z', '2026-02-04T03:00Z'),
      window('d', '2026-02-04T01:00Z', '2026-02-04T02:00Z'),
    ],
    ["delete from public.taps where time between '2026-02-07' and '2026-02-08'"],
    [
      `insert into quest_definitions (slug, title, quest_type, requirements)
       values ('new', 'New', 'community', '{"metric": "taps", "target": 1, "window": "day"}')`,
      "update quest_definitions set is_active = false where slug = 'test-1'",
    ],
    [
      window('a', '2026-02-02T22:00Z', '2026-02-02T23:00Z', 22),
      window('b', '2026-02-05T10:00Z', '2026-02-05T11:00Z', 23),
    ],
  ];

  test('each change of one of its operators or numbers changes what is found, in a correct database or in a spoilt one', () =>
    inTransaction(async (session) => {
      await session.script("set local statement_timeout = '20s'");
      let idle = checkFiles.flatMap(({ name, text }) =>
        mutantsOf(text).flatMap(({ what, text: changed }) => {
          try {
            return [{ name, what, check: parseCheck(name, changed) }];
          } catch {
            return [];
          }
        }),
      );
      expect(idle.length).toBeGreaterThan(100);
      const spoilt = roundsOf([
        ...crowdCorruptions,
        ...told.map(([, ...corruption]): Corruption => corruption),
      ]).map((round) => round.map(([, sql]) => sql));
      const ofOne = { ...everything.scope, full: false, user: userId(2) };
      for (const [statements, scope] of [
        ...states.map((each) => [each, everything.scope] as const),
        [[], ofOne] as const,
        ...spoilt.map((each) => [each, everything.scope] as const),
      ]) {
        if (idle.length === 0) break;
        await session.script('savepoint state');
        for (const statement of statements) await session.script(statement);
        await openScope(session, scope, 'UTC', () => undefined);
        const found = new Map<string, string>();
        for (const check of loadChecks()) found.set(check.name, await foundBy(session, check));
        const left: typeof idle = [];
        for (const mutant of idle)
          if ((await foundBy(session, mutant.check)) === found.get(mutant.name)) left.push(mutant);
        idle = left;
        await session.script('rollback to savepoint state');
      }
      expect(idle.map(({ name, what }) => `${name}, ${what}`)).toEqual([]);
    }));
});
