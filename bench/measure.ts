import { fileURLToPath } from 'node:url';
import { type Cost, processMs, serverProcessorMs, sumOfCosts } from './cost.js';
import { type Measured, measureNode } from './process.js';
import type { World } from './world.js';

/** What a run of the command took, and how long each of its steps. */
export interface CliRun extends Cost {
  /** Peak resident memory. */
  readonly peakMb: number;
  /** Milliseconds by step, those that only prepare others included. */
  readonly steps: Readonly<Record<string, number>>;
  readonly batches: number;
  readonly stdout: string;
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

export const command = fileURLToPath(new URL('../bin/arc-gam.js', import.meta.url));
const packageFile = fileURLToPath(new URL('../package.json', import.meta.url));
const selectOne = fileURLToPath(new URL('./select-one.mjs', import.meta.url));

/** Runs arc-gam as a process, with --json, and measures it. Throws with its message unless it exits with 0. */
export const runCommand = (world: World, ...args: readonly string[]): Promise<CliRun> =>
  runResumed(world, args, {});

interface Resumed {
  readonly environment?: Readonly<Record<string, string>>;
  /** What was measured of the batches that ended before the bench was stopped. */
  readonly before?: CliRun | undefined;
  /** Told what has been measured, after each batch that ends. */
  readonly onBatch?: (run: CliRun) => void;
}

/**
 * The same for a command of many batches that may have been stopped: the same command goes on with the next batch, and
 * what the earlier ones took is added.
 */
export const runResumed = async (
  world: World,
  args: readonly string[],
  { environment = {}, before, onBatch = () => undefined }: Resumed,
): Promise<CliRun> => {
  const steps: Record<string, number> = { ...before?.steps };
  let batches = before?.batches ?? 0;
  const serverBefore = await serverProcessorMs(world.client);
  const runOf = async (cost: Pick<CliRun, 'wallMs' | 'nodeMs' | 'peakMb' | 'stdout'>): Promise<CliRun> => {
    const serverAfter = await serverProcessorMs(world.client);
    const serverMs = serverBefore === null || serverAfter === null ? null : serverAfter - serverBefore;
    return {
      ...sumOfCosts([...(before === undefined ? [] : [before]), { ...cost, serverMs }]),
      peakMb: Math.max(before?.peakMb ?? 0, cost.peakMb),
      steps: { ...steps },
      batches,
      stdout: cost.stdout,
    };
  };
  const ended: Promise<void>[] = [];
  const measured = await measureNode(
    [command, ...args, '--json'],
    { DATABASE_URL: world.url, ...environment },
    (line, pid, wallMs) => {
      if (!line.startsWith('{')) return;
      const batch = JSON.parse(line) as Batch;
      if (batch.event !== 'batch') return;
      batches += 1;
      for (const { step, durationMs } of [...batch.steps, ...batch.preparing])
        steps[step] = (steps[step] ?? 0) + durationMs;
      ended.push(runOf({ wallMs, nodeMs: processMs(pid) ?? 0, peakMb: 0, stdout: '' }).then(onBatch));
    },
  );
  await Promise.all(ended);
  return runOf(measured);
};

/** Node starting, connecting and asking `select 1`. */
export const runSelectOne = (world: World): Promise<Measured> =>
  measureNode([selectOne, packageFile], { DATABASE_URL: world.url });

/** Milliseconds of one call. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};

/** The middle one: a shared machine has outliers in both directions. */
export const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
