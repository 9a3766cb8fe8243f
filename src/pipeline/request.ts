import type { StepWork } from './batch.js';
import type { StaleRequest } from './stale.js';
import type { Step } from './step.js';

/** The options of a run. */
export interface RunRequest extends StaleRequest {
  /** The command with its arguments, for the ledger and for a run that waits for this one. */
  readonly command: string;
  readonly batchDays: number | null;
  readonly waitSeconds: number;
  /** Empty every table first. */
  readonly rebuild: boolean;
  /** Do everything, say what it changed, and roll it back. */
  readonly dryRun: boolean;
  /** With dryRun: say each changed row. */
  readonly showRows: boolean;
  /** Report which days are stale and why, and how many rows the steps were given. */
  readonly explain: boolean;
  /**
   * Whether this is a part of a run of many: whoever has all of them closes its row of the ledger, and notes its steps.
   */
  readonly isPart: boolean;
  /** The row of the ledger to go on with; null: one is opened when there is something to write. */
  readonly runId: number | null;
  readonly signal?: AbortSignal | undefined;
  readonly steps: readonly Step[];
  /** From how many taps on a batch takes the way of large ones; for tests, which have few. */
  readonly manyTaps?: number | undefined;
  /** From how many rows on an empty table is filled without its indexes; for tests as well. */
  readonly manyRows?: number | undefined;
  /** Is told how each step was carried out. */
  readonly onPlan?: ((work: StepWork) => void) | undefined;
}

/** A command's name, and the options in which it differs from `plainRequest` and from the steps of this version. */
export type Wishes = Pick<RunRequest, 'command'> & Partial<RunRequest>;

/** The default: all of history up to yesterday, in batches by taps, without waiting, not a dry run. */
export const plainRequest: Omit<RunRequest, 'command' | 'steps'> = {
  from: null,
  to: null,
  always: false,
  isNamed: true,
  lookbackDays: null,
  batchDays: null,
  waitSeconds: 0,
  rebuild: false,
  dryRun: false,
  showRows: false,
  explain: false,
  isPart: false,
  runId: null,
};
