import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonLines } from './cli.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from './database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2, 3);
  await addTap(database, 1, 2, '2026-02-03T10:00Z');
  await addTap(database, 2, 1, '2026-02-04T10:00Z');
  await addTap(database, 2, 3, '2026-02-04T11:00Z');
  await database.ok(['backfill', '--to', '2026-02-04']);
});
afterAll(() => database.drop());

interface Answer {
  lines: string[];
  figures: { name: string; computed: string | null; stored: string | null }[];
  isEqual: boolean;
}

const why = async (...args: string[]) => {
  const { code, stdout, stderr } = await database.cli(['why', ...args, '--json']);
  const [answer] = jsonLines(stdout) as unknown as Answer[];
  return { code, stderr, words: answer?.lines.join('\n') ?? '', ...answer };
};

const one = ['--user', userId(1)];

test('a streak is told by its days', async () => {
  const { code, words, figures } = await why('streak', ...one);
  expect(code).toBe(0);
  expect(words).toContain('from 2026-02-03 to 2026-02-04: 2 days');
  expect(words).toContain('So the streak is 2.');
  expect(figures?.[0]).toEqual({ name: 'current_streak_days', computed: '2', stored: '2' });
});

test('an edge shows its arithmetic', async () => {
  const { code, words } = await why('edge', ...one, '--other', userId(2));
  expect(code).toBe(0);
  expect(words).toContain('0.6 * ln(1 + 2) = 0.659167');
  expect(words).toContain('0.659167 + 0.400000 = 1.059167');
});

test('a day, a week and a rank agree with what is stored', async () => {
  const day = await why('day', ...one, '--date', '2026-02-03');
  expect(day).toMatchObject({ code: 0, isEqual: true });
  expect(day.words).toContain('Met for the first time ever: User 2.');
  const week = await why('week', ...one);
  expect(week).toMatchObject({ code: 0, isEqual: true });
  expect(week.words).toContain('User 3, through User 2, since 2026-02-04');
  const rank = await why('rank', ...one);
  expect(rank).toMatchObject({ code: 0, isEqual: true });
  expect(rank.words).toContain(
    'connectors: 1 partners met for the first time ever; 1 user has more: rank 2.',
  );
});

test('a stored value that differs is said, with exit code 3', async () => {
  await database.client.query('update user_streaks set longest_streak_days = 9 where user_id = $1', [
    userId(1),
  ]);
  const result = await database.cli(['why', 'streak', ...one]);
  expect(result.code).toBe(3);
  expect(result.stdout).toContain('longest_streak_days is stored as 9, the source says 2');
  await database.client.query('update user_streaks set longest_streak_days = 2 where user_id = $1', [
    userId(1),
  ]);
});

test('a wrong question is exit code 2', async () => {
  expect((await database.cli(['why', 'streak'])).code).toBe(2);
  expect((await database.cli(['why', 'mood', ...one])).code).toBe(2);
  expect((await database.cli(['why', 'edge', ...one])).code).toBe(2);
  const stranger = await database.cli(['why', 'day', '--user', userId(77)]);
  expect(stranger.code).toBe(2);
  expect(stranger.stderr).toContain('There is no user');
});
