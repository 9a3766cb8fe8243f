import { afterEach, beforeEach, expect, test } from 'vitest';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';

// What verify has marked waits for a run that mends it, whatever else that run or another command does.

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2, 3, 4);
  for (const time of ['2025-01-10T08:00Z', '2025-02-20T08:00Z']) await addTap(database, 1, 2, time);
  const others = Array.from({ length: 200 }, (_, index) => index + 5);
  await addUsers(database, ...others);
  await database.client.query(
    `insert into public.taps (id1, id2, time)
     select one, other, '2025-01-10T08:00Z' from unnest($1::uuid[], $2::uuid[]) as pairs (one, other)`,
    [others.slice(1).map(userId), others.slice(0, -1).map(userId)],
  );
  await database.ok(['etl', '--date', '2025-02-21']);
});
afterEach(() => database.drop());

const marks = () => database.rows('select user_id, day::text from stale_mark');
const isEqual = async () => {
  expect(await marks()).toEqual([]);
  expect(await database.cli(['verify', '--full', '--stale-ok'])).toMatchObject({ code: 0 });
};

test('a freeze leaves the marks of users where they are', async () => {
  await database.client.query(
    `update user_streaks set longest_streak_days = 56;
     insert into stale_mark (user_id, reason) select user_id, 'as verify says it' from user_streaks`,
  );
  await database.ok(['freeze', '--before', '2025-02-01']);
  expect(await marks()).toHaveLength(202);
  await database.ok(['etl', '--date', '2025-02-21']);
  await isEqual();
});

test('a marked day whose taps changed as well is compared wholly', async () => {
  await database.client.query(
    `update user_day_activity set tap_count = 25 where day = '2025-01-10';
     insert into stale_mark (day, reason) values ('2025-01-10', 'as verify says it')`,
  );
  // Of so few of the day's users that they are looked up by themselves.
  await addTap(database, 3, 4, '2025-01-10T09:00Z');
  await database.ok(['etl', '--date', '2025-02-21']);
  expect(
    await database.rows('select tap_count from user_day_activity where user_id = $1', [userId(1)]),
  ).toEqual([{ tap_count: '1' }, { tap_count: '1' }]);
  await isEqual();
});
