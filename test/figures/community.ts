import { addTap, addUsers, type TestDatabase } from '../server/database.js';
import { allFigures } from './figures.js';

export const asOf = '2026-02-11';

/** A small community in which every figure occurs: two weeks, a streak, ties old and new, friends of friends. */
export const fillCommunity = async (database: TestDatabase): Promise<void> => {
  await addUsers(database, 1, 2, 3, 4, 5, 6);
  for (const [one, other, time] of [
    [1, 2, '2025-10-20T10:00Z'],
    [1, 2, '2026-02-02T10:00Z'],
    [2, 3, '2026-02-03T11:00Z'],
    [1, 2, '2026-02-03T12:00Z'],
    [3, 4, '2026-02-04T09:00Z'],
    [1, 4, '2026-02-04T20:00Z'],
    [4, 5, '2026-02-09T08:00Z'],
    [1, 2, '2026-02-10T08:00Z'],
    [5, 6, '2026-02-10T09:00Z'],
    [1, 5, '2026-02-11T09:00Z'],
    [1, 5, '2026-02-11T09:30Z'],
  ] as const) {
    await addTap(database, one, other, time);
  }
  await database.ok(['backfill', '--to', asOf]);
};

/** All figures as text, without private keys and times of writing. */
export const figuresOf = async (database: TestDatabase): Promise<string> => {
  const parts: string[] = [];
  for (const { table, of } of await allFigures(database.client, 'gamification')) {
    const rows = await database.rows<{ text: string }>(
      `select to_jsonb(figure)::text as text from (${of('gamification')}) as figure order by 1`,
    );
    parts.push(table, ...rows.map(({ text }) => text));
  }
  return parts.join('\n');
};
