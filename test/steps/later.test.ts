import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPackageFile } from '../../src/files.js';
import { createDatabase, type TestDatabase } from '../server/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(
    `insert into processed_day (day, tap_count, tap_digest, null_id_count, self_tap_count, unknown_user_count, steps_sha256, run_id)
     select day::date, 0, 0, 0, 0, 0, '', 0 from unnest(array['2010-11-06']) as known (day)`,
  );
});
afterAll(() => database.drop());

const isLater = async (zone: string, first: string | null): Promise<boolean> => {
  const { rows } = await database.client.query<{ is_later: string }>(readPackageFile('sql/batch/as_of.sql'), [
    zone,
    first,
    first,
  ]);
  return rows[0]?.is_later === 't';
};

// What only a later batch may leave out, such as the days before of a pair, rests on this.
test('a batch is later where its days come after all that are known', async () => {
  expect(await isLater('UTC', '2010-11-07')).toBe(true);
  expect(await isLater('America/New_York', '2010-11-07')).toBe(true);
  expect(await isLater('UTC', '2010-11-06')).toBe(false);
  expect(await isLater('UTC', '2010-10-01')).toBe(false);
  expect(await isLater('UTC', null)).toBe(false);
});

test('not where a clock that was set back over midnight lets the later day hold earlier taps', async () => {
  // St. John's: from 00:01 of the 7th back to 23:01 of the 6th.
  expect(await isLater('America/St_Johns', '2010-11-07')).toBe(false);
  expect(await isLater('America/St_Johns', '2010-11-08')).toBe(true);
});
