import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tablesPage } from '../../scripts/tables.js';
import { createDatabase, type TestDatabase } from '../server/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

test('docs/tables.md is what a migrated database says of itself', async () => {
  const page = readFileSync(new URL('../../docs/tables.md', import.meta.url), 'utf8');
  // Not equal: npm run docs:tables
  expect(await tablesPage(database.client, 'gamification')).toBe(page);
});

test('a table or column without a comment is named', async () => {
  await database.client.query('begin; create table gamification.unsaid (id integer primary key)');
  await expect(tablesPage(database.client, 'gamification')).rejects.toThrow('unsaid has no comment.');
  await database.client.query("comment on table gamification.unsaid is 'Something.'");
  await expect(tablesPage(database.client, 'gamification')).rejects.toThrow('unsaid.id has no comment.');
  await database.client.query('rollback');
});
