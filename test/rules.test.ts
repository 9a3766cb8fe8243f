import { afterEach, expect, test } from 'vitest';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from './database.js';

let database: TestDatabase;
afterEach(() => database.drop());

test('a year end belongs to the ISO year of its week', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2024-12-30T10:00Z');
  await addTap(database, 2, 1, '2026-01-01T10:00Z');
  await database.ok(['backfill', '--to', '2026-01-01']);
  const weeks = await database.rows(
    'select year, iso_week, tap_count from user_week_activity where user_id = $1 order by 1, 2',
    [userId(1)],
  );
  expect(weeks).toEqual([
    { year: '2025', iso_week: '1', tap_count: '1' },
    { year: '2026', iso_week: '1', tap_count: '1' },
  ]);
});
