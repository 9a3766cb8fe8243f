import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addUsers, createDatabase, type TestDatabase, userId } from './database.js';

const page = readFileSync(new URL('../docs/questions.md', import.meta.url), 'utf8');
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
const answers: Readonly<Record<string, string>> = {};

test('there are ten questions, each with an answer', () => {
  expect(questions.size).toBe(10);
  expect([...questions.keys()].sort()).toEqual(Object.keys(answers).sort());
});

test.each([...questions])('%s', async (title, sql) => {
  const rows = await database.rows(sql);
  const found = rows.map((row) => Object.values(row).map((value) => value ?? 'null').join(' | '));
  console.log(title, JSON.stringify(found, null, 1));
  expect(found).toEqual((answers[title] ?? '').split('\n'));
});
