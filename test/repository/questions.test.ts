import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';

const page = readFileSync(new URL('../../docs/questions.md', import.meta.url), 'utf8');
const questions = new Map(
  [...page.matchAll(/^## (.*)$[\s\S]*?^```sql\n([\s\S]*?)^```$/gm)].map(([, title = '', sql = '']) => [
    title,
    sql,
  ]),
);

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  const home = (number: number, text: string) =>
    database.client.query('update public.users set home = $2 where id = $1', [userId(number), text]);
  await home(1, 'Austin, TX');
  await home(2, 'austin, texas');
  await home(3, 'Berlin, Germany');
  await home(4, 'Earth');
  const tap = (one: number, other: number, time: string, isLocated = false) =>
    database.client.query(
      'insert into public.taps (id1, id2, time, latitude, longitude) values ($1, $2, $3, $4, $5)',
      [userId(one), userId(other), time, isLocated ? 40.75 : null, isLocated ? -73.99 : null],
    );
  // A place where every Monday at 18:00 one pair taps, and in the week of the as-of day ten taps of six people.
  for (const day of ['2025-12-08', '2025-12-15', '2025-12-22', '2025-12-29'])
    await tap(1, 2, `${day}T18:00Z`, true);
  for (const minute of [10, 20])
    for (const one of [1, 2, 3, 4, 5]) await tap(one, one + 1, `2026-01-05T18:${minute + one}Z`, true);
  // A streak, a tie that was three days and then silent, and a pair that returned after 47 days.
  for (const day of ['2026-01-09', '2026-01-10', '2026-01-11']) await tap(7, 8, `${day}T10:00Z`);
  for (const day of ['2025-12-01', '2025-12-02', '2025-12-03']) await tap(9, 10, `${day}T10:00Z`);
  await tap(11, 12, '2025-11-20T10:00Z');
  await tap(11, 12, '2026-01-06T10:00Z');
  await database.ok(['backfill', '--to', '2026-01-11']);
});
afterAll(() => database.drop());

/** What each question is answered with: a row a line. */
const answers: Readonly<Record<string, string>> = {
  'Who is about to lose a streak?': `
    User 7 | 3 | 3 | 2026-01-11
    User 8 | 3 | 3 | 2026-01-11`,
  'Which ties fade?': `
    User 9 | User 10 | 3 | 39 | fair`,
  'How did the quests do by week?': `
    2026-01-05 | Keep it going | 10 | 2 | 20.0
    2026-01-05 | Consistency | 10 | 0 | 0.0
    2026-01-05 | Daily Connector | 7 | 0 | 0.0
    2026-01-05 | Network Builder | 7 | 0 | 0.0
    2026-01-05 | New Ground | 4 | 0 | 0.0
    2026-01-05 | Reconnection Master | 2 | 0 | 0.0
    2025-12-29 | Consistency | 2 | 0 | 0.0
    2025-12-29 | Keep it going | 2 | 0 | 0.0
    2025-12-22 | Consistency | 2 | 0 | 0.0
    2025-12-22 | Keep it going | 2 | 0 | 0.0
    2025-12-15 | Consistency | 2 | 0 | 0.0
    2025-12-15 | Keep it going | 2 | 0 | 0.0
    2025-12-08 | Consistency | 2 | 0 | 0.0
    2025-12-08 | Daily Connector | 2 | 0 | 0.0
    2025-12-08 | Keep it going | 2 | 0 | 0.0
    2025-12-08 | Network Builder | 2 | 0 | 0.0
    2025-12-08 | New Ground | 2 | 0 | 0.0
    2025-12-01 | Keep it going | 2 | 2 | 100.0
    2025-12-01 | Consistency | 2 | 0 | 0.0
    2025-12-01 | Daily Connector | 2 | 0 | 0.0
    2025-12-01 | Network Builder | 2 | 0 | 0.0
    2025-11-17 | Consistency | 2 | 0 | 0.0
    2025-11-17 | Daily Connector | 2 | 0 | 0.0
    2025-11-17 | Keep it going | 2 | 0 | 0.0
    2025-11-17 | Network Builder | 2 | 0 | 0.0`,
  'Who leads the running week?': `
    builders | 1 | User 3 | 2
    builders | 1 | User 4 | 2
    builders | 3 | User 1 | 1
    builders | 3 | User 2 | 1
    builders | 3 | User 5 | 1
    builders | 3 | User 6 | 1
    connectors | 1 | User 3 | 2
    connectors | 1 | User 4 | 2
    connectors | 1 | User 5 | 2
    streak | 1 | User 7 | 3
    streak | 1 | User 8 | 3
    streak | 3 | User 1 | 1
    streak | 3 | User 11 | 1
    streak | 3 | User 12 | 1
    streak | 3 | User 2 | 1
    streak | 3 | User 3 | 1
    streak | 3 | User 4 | 1
    streak | 3 | User 5 | 1
    streak | 3 | User 6 | 1`,
  'Do people come back the week after?': `
    2026-01-05 | 10 | 2 | 20.0
    2025-12-29 | 2 | 2 | 100.0
    2025-12-22 | 2 | 2 | 100.0
    2025-12-15 | 2 | 2 | 100.0
    2025-12-08 | 2 | 0 | 0.0
    2025-12-01 | 2 | 0 | 0.0
    2025-11-17 | 2 | 0 | 0.0`,
  'Who returned after a month or more?': `
    2026-01-06 | User 11 | 47
    2026-01-06 | User 12 | 47`,
  'How does this month compare?': `
    2026-01-01 | 10 | 14 | 5
    2025-12-01 | 4 | 7 | 2
    2025-11-01 | 2 | 1 | 1`,
  'Where do members live?': `
    US | Austin | 2 | 0.95
    DE | Berlin | 1 | 0.90
    not placed | null | 1 | 0.00`,
  'When and where did it surge?': `
    New York City, NY | 2026-01-05 18:00:00 | 2026-01-05 19:00:00 | 10 | 0.451 | 6`,
  'Who should meet?': `
    User 1 | User 3 | 1
    User 2 | User 4 | 1
    User 3 | User 5 | 1
    User 4 | User 6 | 1`,
};

test('there are ten questions, each with an answer', () => {
  expect(questions.size).toBe(10);
  expect([...questions.keys()].sort()).toEqual(Object.keys(answers).sort());
});

test.each([...questions])('%s', async (title, sql) => {
  const rows = await database.rows(sql);
  const found = rows.map((row) =>
    Object.values(row)
      .map((value) => value ?? 'null')
      .join(' | '),
  );
  const expected = (answers[title] ?? '').split('\n').slice(1);
  expect(found).toEqual(expected.map((line) => line.trim()));
});
