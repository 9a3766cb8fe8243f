import { afterEach, expect, test } from 'vitest';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';
import { startTestServer, type TestServer } from './serve.js';

let database: TestDatabase;
let server: TestServer;
afterEach(async () => {
  await server?.stop();
  await database?.drop();
});

test.each([
  ['nobody has', (): boolean => false],
  ['a few of the latest have', (user: number): boolean => user > 152],
  ['more of the latest than are looked at first have', (user: number): boolean => user > 130],
])('of a crowd at distance 2 the latest 100 are named when %s opted out', async (_, isHidden) => {
  database = await createDatabase();
  await database.client.query('alter table public.users add column hidden boolean');
  await database.ok(['migrate'], { ARC_GAM_USERS_OPT_OUT: 'hidden' });
  const crowd = Array.from({ length: 160 }, (_unused, index) => index + 3);
  await addUsers(database, 1, 2, ...crowd);
  await addTap(database, 1, 2, '2026-01-01T10:00Z');
  // Three a day, so that the 100th has a neighbour on the same day.
  const dayOf = (user: number): Date => new Date(Date.UTC(2026, 0, 2 + Math.floor(user / 3), 10));
  for (const user of crowd) await addTap(database, 2, user, dayOf(user).toISOString());
  await database.client.query('update public.users set hidden = true where id = any ($1)', [
    crowd.filter(isHidden).map(userId),
  ]);
  await database.ok(['etl', '--date', '2026-03-04']);
  server = await startTestServer(database.url, {}, '2026-03-05T12:00:00Z');
  const { body } = await server.get(`/api/community/weekly?user_id=${userId(1)}&time_window=180d`);
  const expected = crowd
    .filter((user) => !isHidden(user))
    .sort((one, other) => dayOf(other).getTime() - dayOf(one).getTime() || one - other)
    .slice(0, 100);
  expect(body.recap.second_degree_new.map(({ user_id }: { user_id: string }) => user_id)).toEqual(
    expected.map(userId),
  );
});

test('the best are found beyond those with most mutual connections, and beyond all who opted out', async () => {
  database = await createDatabase();
  await database.client.query('alter table public.users add column hidden boolean');
  await database.ok(['migrate'], { ARC_GAM_USERS_OPT_OUT: 'hidden' });
  const friends = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  const crowd = Array.from({ length: 40 }, (_unused, index) => index + 20);
  await addUsers(database, 1, 70, ...friends, ...crowd);
  // The viewer knows them one after another, since the days of their numbers.
  for (const friend of friends)
    await addTap(database, 1, friend, `2026-01-${String(friend).padStart(2, '0')}T10:00Z`);
  // Forty have ten mutual connections and were last seen two months ago; 70 has nine, and was seen yesterday.
  for (const user of crowd) {
    for (const friend of friends) await addTap(database, user, friend, '2026-01-04T12:00Z');
  }
  for (const friend of friends.slice(1)) await addTap(database, 70, friend, '2026-03-04T12:00Z');
  await database.ok(['etl', '--date', '2026-03-04']);
  server = await startTestServer(database.url, {}, '2026-03-05T12:00:00Z');
  const recommended = async () => {
    const { body } = await server.get(`/api/community/weekly?user_id=${userId(1)}`);
    return body.recommendations.map(({ user_id, mutuals }: { user_id: string; mutuals: string[] }) => ({
      user_id,
      mutuals,
    }));
  };
  const names = (...users: number[]) => users.map((user) => `User ${user}`);
  expect(await recommended()).toEqual([
    { user_id: userId(70), mutuals: names(3, 4, 5, 6, 7, 8) },
    { user_id: userId(20), mutuals: names(2, 3, 4, 5, 6, 7) },
    { user_id: userId(21), mutuals: names(2, 3, 4, 5, 6, 7) },
  ]);
  // All but two of those with most opted out, and the oldest connections too.
  await database.client.query('update public.users set hidden = true where id = any ($1)', [
    [...crowd.slice(0, 38), 2, 3, 4, 5, 6].map(userId),
  ]);
  // A server that remembers nobody: names are remembered for a minute.
  await server.stop();
  server = await startTestServer(database.url, {}, '2026-03-05T12:00:00Z');
  expect(await recommended()).toEqual(
    [70, 58, 59].map((user) => ({ user_id: userId(user), mutuals: names(7, 8, 9, 10, 11) })),
  );
});
