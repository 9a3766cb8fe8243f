import { expect, test } from 'vitest';
import { statementsOf } from '../../src/pipeline/converge.js';
import { loadSteps } from '../../src/pipeline/order.js';
import { createScratch, scratchTables } from '../../src/pipeline/scratch.js';
import {
  isPreparing,
  isShared as isSharedAmong,
  type Step,
  type StepParameter,
  writesOf,
} from '../../src/pipeline/step.js';
import { addTap, addUsers, createDatabase, type TestDatabase } from '../server/database.js';

const role = `arc_gam_least_${process.pid}`;

const place = { persistence: 'temp', schema: 'gamification' } as const;

/** Exactly what a step's header declares: reading what it reads, writing what it writes, and nothing else. */
const grants = (step: Step): string[] => [
  ...[...step.reads, ...step.before].map((table) => `grant select on ${table} to ${role}`),
  // What it is of user_key.
  ...(step.reads.includes('user_key') ? [`grant select on own_user to ${role}`] : []),
  ...(isPreparing(step) && !isShared(step)
    ? []
    : [
        `grant ${isPreparing(step) ? 'insert' : 'select, insert, update, delete'} on ${step.table} to ${role}`,
      ]),
  ...step.notes.map(({ table }) => `grant insert on ${table} to ${role}`),
];

const steps = loadSteps();
const isShared = (step: Step): boolean => isSharedAmong(step, steps);

/**
 * One batch by hand, like src/pipeline/batch.ts: the printed statements of each step as a role that has nothing beyond
 * its header.
 */
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
    is_later: false,
    alive_from_day: asOf,
    steps_sha256: 'x',
    run_id: 1,
  };
  await client.query('begin');
  await client.query('set local search_path = gamification, pg_temp');
  const made = new Set(
    steps.filter((step) => isPreparing(step) && !isShared(step)).map(({ table }) => table),
  );
  for (const table of scratchTables)
    if (!made.has(table)) await client.query(createScratch(table, 'temp', 'gamification'));
  await client.query(
    `insert into batch_day select day::date, true from unnest(string_to_array('${days}', ',')) as given (day)`,
  );
  await client.query("insert into batch_range values ('2025-12-01', '2026-02-01')");
  const written = new Map<string, number>();
  for (const step of steps) {
    for (const grant of grants(step)) await client.query(grant);
    await client.query(`set local role ${role}`);
    let count = 0;
    try {
      for (const { purpose, text, params } of statementsOf(step, isShared(step), place)) {
        const { rowCount } = await client.query(
          text,
          params.map((parameter) => values[parameter]),
        );
        if (purpose === 'stage' || purpose === 'prepare') count += rowCount ?? 0;
      }
    } catch (error) {
      throw new Error(`${step.file} does more than its header says: ${(error as Error).message}`);
    }
    written.set(step.name, count);
    await client.query('reset role');
    // What the role made is its own and no later step's.
    if (isPreparing(step)) await client.query(`alter table ${step.table} owner to current_user`);
    else await client.query('drop table stage');
    for (const table of [...step.reads, ...step.before, ...writesOf(step)])
      await client.query(`revoke all on ${table} from ${role}`);
    if (isPreparing(step)) await client.query(`revoke all on ${step.table} from ${role}`);
  }
  await client.query('commit');
  await client.query('discard temp');
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
