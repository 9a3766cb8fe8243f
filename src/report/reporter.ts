import type { BatchResult, StepResult } from '../pipeline/batch.js';
import type { ChangedRow } from '../pipeline/difference.js';
import type { PlannedDay, Reason } from '../pipeline/plan.js';

/** What a run is about to do. */
export interface PlanReport {
  readonly command: string;
  readonly zone: string;
  readonly dayCount: number;
  readonly tapCount: number;
  readonly batchCount: number;
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  readonly reasons: Readonly<Partial<Record<Reason, number>>>;
  readonly asOfDay: string | null;
}

export interface BatchReport {
  readonly index: number;
  readonly count: number;
  readonly days: readonly PlannedDay[];
}

/** What a run has done. */
export interface RunReport {
  readonly command: string;
  readonly dryRun: boolean;
  readonly runId: number | null;
  readonly asOfDay: string | null;
  readonly dayCount: number;
  readonly batchCount: number;
  readonly tapCount: number;
  readonly retryCount: number;
  readonly durationMs: number;
  readonly steps: readonly StepResult[];
  readonly ignored: Readonly<Record<string, number>>;
}

/** Told what happens, as it happens; how it looks is its own affair. */
export interface Reporter {
  /** Something is under way that may take a while. */
  working(what: string): void;
  plan(report: PlanReport): void;
  /** The run has its row in the ledger. */
  runOpened(runId: number): void;
  batchStarted(report: BatchReport): void;
  stepStarted(step: string): void;
  batchEnded(report: BatchReport, result: BatchResult): void;
  retrying(report: { attempt: number; waitMs: number; reason: string }): void;
  notice(message: string): void;
  ended(report: RunReport): void;
  /** A row that a dry run would change. Resolves when the reader of the output has kept up. */
  changedRow(row: ChangedRow): Promise<void>;
  /** A result of another command: a title, columns and rows. */
  table(name: string, rows: readonly Record<string, unknown>[], title?: string): void;
  /** A line or more of another command's result: what it says as JSON, and in words. */
  say(event: string, fields: object, lines: readonly string[]): void;
  failed(message: string, exitCode: number): void;
  /** Clears what is on the line. */
  close(): void;
}
