import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadSteps, type Step, type StepParameter } from '../src/pipeline/step.js';
import { addTap, addUsers, createDatabase, type TestDatabase } from './database.js';

const role = `arc_gam_least_${process.pid}`;

/** Exactly what a step's header declares: reading what it reads, writing what it writes, and nothing else. */
const grants = (step: Step): string[] => [
  ...[...step.reads, ...step.stored].map((table) => `grant select on ${table} to ${role}`),
  ...step.writes.map((table) => `grant select, insert, update, delete on ${table} to ${role}`),
  ...step.removes.map((table) => `grant select, delete on ${table} to ${role}`),
];

/** One batch by hand, like src/pipeline/batch.ts, but each step as a role that has nothing beyond its header. */
const runBatchAsRole = async (
  database: TestDatabase,
  days: string,
  asOf: string,
): Promise<Map<string, number>> => {
  const { client } = database;
  const values: Record<StepParameter, unknown> = {
    zone: 'UTC',
    as_of_day: asOf,
    as_of_moved: true,
    alive_from_day: asOf,
    steps_sha256: 'x',
    run_id: 1,
  };
  await client.query('begin');
  await client.query('set local search_path = gamification, pg_temp');
  await client.query(readFileSync(new URL('../sql/batch/open.sql', import.meta.url), 'utf8'));
  await client.query(
    `insert into batch_day select day::date, true from unnest(string_to_array('${days}', ',')) as given (day)`,
  );
  await client.query("insert into batch_range values ('2025-12-01', '2026-02-01')");
  const written = new Map<string, number>();
  for (const step of loadSteps()) {
    await client.query('savepoint before_step');
    for (const grant of grants(step)) await client.query(grant);
    await client.query(`set local role ${role}`);
    try {
      const { rows } = await client.query<Record<'inserted' | 'updated' | 'deleted', string>>(
        step.text,
        step.params.map((parameter) => values[parameter]),
      );
      written.set(step.name, Number(rows[0]?.inserted) + Number(rows[0]?.updated) + Number(rows[0]?.deleted));
    } catch (error) {
      throw new Error(`${step.name}.sql does more than its header says: ${(error as Error).message}`);
    }
    await client.query('set local role none');
    for (const table of [...step.reads, ...step.stored, ...step.writes, ...step.removes])
      await client.query(`revoke all on ${table} from ${role}`);
  }
  await client.query('commit');
  return written;
};

test('every step gets by on exactly what its header declares', async () => {
  const database = await createDatabase();
  try {
    await database.client.query(`create role ${role}; grant usage on schema gamification to ${role}`);
    await addUsers(database, 1, 2, 3, 4);
    await addTap(database, 1, 2, '2026-01-05T10:00Z');
    await addTap(database, 2, 3, '2026-01-05T11:00Z');
    await addTap(database, 3, 4, '2026-01-06T11:00Z');
    const written = await runBatchAsRole(database, '2026-01-05,2026-01-06', '2026-01-06');
    for (const step of loadSteps().filter(
      (one) => one.removes.length === 0 && one.name !== 'home_location_struct',
    ))
      expect(written.get(step.name), step.name).toBeDefined();
    for (const name of [
      'pair',
      'user_day_activity',
      'user_week_activity',
      'user_streaks',
      'weekly_leaderboard',
      'edge_strength',
    ])
      expect(written.get(name), name).toBeGreaterThan(0);
    // And when rows go: user 4 is erased, tap by tap.
    await database.client.query('delete from public.users where name = $1', ['User 4']);
    const repaired = await runBatchAsRole(database, '2026-01-06', '2026-01-06');
    for (const name of [
      'pair_day',
      'pair',
      'user_day_activity',
      'user_streaks',
      'edge_strength',
      'forgotten_user',
    ])
      expect(repaired.get(name), name).toBeGreaterThan(0);
  } finally {
    await database.client.query('rollback');
    await database.client.query(`drop owned by ${role}; drop role ${role}`);
    await database.drop();
  }
});
