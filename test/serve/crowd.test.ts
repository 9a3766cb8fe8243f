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
