import { fileURLToPath } from 'node:url';
import { type Measured, measureNode } from './process.js';
import type { World } from './world.js';

/** What a run of the command took, and what it said of its steps. */
export interface CliRun extends Measured {
  /** Milliseconds that the server spent on its statements; null where pg_stat_statements is not there. */
  readonly serverMs: number | null;
  /** Milliseconds by step, those that only prepare others included. */
  readonly steps: Readonly<Record<string, number>>;
}

interface StepTime {
  readonly step: string;
  readonly durationMs: number;
}
interface Batch {
  readonly event: string;
  readonly steps: readonly StepTime[];
  readonly preparing: readonly StepTime[];
}

const command = fileURLToPath(new URL('../bin/arc-gam.js', import.meta.url));
const packageFile = fileURLToPath(new URL('../package.json', import.meta.url));
const selectOne = fileURLToPath(new URL('./select-one.mjs', import.meta.url));

/** Runs arc-gam as a process, with --json, and measures it. Throws with its message unless it exits with 0. */
export const runCommand = async (world: World, ...args: readonly string[]): Promise<CliRun> => {
  const counts = await resetStatements(world);
  const measured = await measureNode([command, ...args, '--json'], { DATABASE_URL: world.url });
  const batches = measured.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Batch)
    .filter(({ event }) => event === 'batch');
  const steps: Record<string, number> = {};
  for (const batch of batches) {
    for (const { step, durationMs } of [...batch.steps, ...batch.preparing]) {
      steps[step] = (steps[step] ?? 0) + durationMs;
    }
  }
  return { ...measured, serverMs: counts ? await serverTime(world) : null, steps };
};

/** Node starting, connecting and asking `select 1`. */
export const runSelectOne = (world: World): Promise<Measured> =>
  measureNode([selectOne, packageFile], { DATABASE_URL: world.url });

const resetStatements = (world: World): Promise<boolean> =>
  world.client.query('select pg_stat_statements_reset()').then(
    () => true,
    () => false,
  );

const serverTime = async ({ client }: World): Promise<number> => {
  const { rows } = await client.query<{ milliseconds: number }>(
    `select coalesce(sum(total_exec_time + total_plan_time), 0)::float8 as milliseconds from pg_stat_statements
     where dbid = (select oid from pg_database where datname = current_database())`,
  );
  return rows[0]?.milliseconds ?? 0;
};

/** Milliseconds of one call. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};

/** The middle one: a shared machine has outliers in both directions. */
export const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
