import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../server/database.js';
import { expectFound, expectRepaired } from './corruption.js';
import { crowdCorruptions as corruptions, fillCrowd, metrics } from './crowd.js';

let database: TestDatabase;
let figures: string;

beforeAll(async () => {
  database = await createDatabase();
  await fillCrowd(database);
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

test('the community has progress in every quest, and three surges', async () => {
  const quests = await database.rows(
    "select count(distinct quest_id)::text as count from user_quest_progress join quest_definitions using (quest_id) where slug like 'test-%'",
  );
  expect(quests).toEqual([{ count: String(metrics.length) }]);
  expect(await database.rows('select tap_count, unique_users from surge_windows order by 1')).toEqual([
    { tap_count: '12', unique_users: '5' },
    // Of 25: the one in the quiet hour counts nowhere, nor do its users.
    { tap_count: '24', unique_users: '7' },
    { tap_count: '30', unique_users: '5' },
  ]);
});

test('every corruption of quests, surges and what they are made of is found', () =>
  expectFound(database, corruptions));

test('an hour that was never flagged, so that its window is missing too, is found from the source', () =>
  expectFound(database, [
    [
      'surge_hour and surge_windows deleted',
      `with gone as (delete from surge_hour where geohash5 = 'dr5ru' returning geohash5)
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
