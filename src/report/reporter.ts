/**
 * Why a day is derived: it is not in P yet, its source changed, the SQL changed, verify marked it, or it is frozen and
 * somebody on it was erased.
 */
export type Reason = 'missing' | 'changed' | 'outdated' | 'marked' | 'erased';

/** Rows that a step wrote, and how long it took. */
export interface StepResult {
  readonly step: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly durationMs: number;
}

/** What became of a batch. */
export interface BatchResult {
  /** The steps that write what stays. */
  readonly steps: readonly StepResult[];
  /** Steps that only prepare input for later ones. They write nothing that stays, but they take time. */
  readonly preparing: readonly StepResult[];
  /** Valid taps read. */
  readonly tapCount: number;
  /** L after the batch; null while P is empty. */
  readonly asOfDay: string | null;
  /** Steps whose SQL had changed: their tables now follow from today's. */
  readonly renewed: readonly string[];
}

/** One row that would change; values as text. `old` is null for an insert, `new` for a delete. */
export interface ChangedRow {
  readonly table: string;
  readonly key: Readonly<Record<string, string>>;
  readonly old: Readonly<Record<string, string | null>> | null;
  readonly new: Readonly<Record<string, string | null>> | null;
}

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
  /** All days of P before it are frozen; null: none is. */
  readonly frozenBefore: string | null;
}

export interface BatchReport {
  readonly index: number;
  readonly count: number;
  readonly days: readonly { readonly day: string }[];
}

/** What a run has done. */
export interface RunReport {
  readonly command: string;
  readonly dryRun: boolean;
  readonly runId: number | null;
  readonly asOfDay: string | null;
  /** All days of P before it are frozen; null: none is. */
  readonly frozenBefore: string | null;
  readonly dayCount: number;
  readonly batchCount: number;
  readonly tapCount: number;
  readonly retryCount: number;
  readonly durationMs: number;
  readonly steps: readonly StepResult[];
  /** Steps that only prepared input for others: no rows of theirs remain, but their time counts. */
  readonly preparing: readonly StepResult[];
  readonly ignored: Readonly<Record<string, number>>;
}

/** Is told what happens as it happens, and decides how to show it. */
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
  ended(report: RunReport): Promise<void>;
  /** A row that a dry run would change. Resolves when the reader of the output has kept up. */
  changedRow(row: ChangedRow): Promise<void>;
  /** A table of results: the event's name in JSON (a stable word), the rows, and a title for people. */
  table(name: string, rows: readonly Record<string, unknown>[], title?: string): Promise<void>;
  /**
   * A result as the fields of one JSON event, and as lines for people. `severity`: of something that went wrong, for a
   * log that has such a word.
   */
  say(event: string, fields: object, lines: readonly string[], severity?: 'WARNING' | 'ERROR'): void;
  failed(message: string, exitCode: number): void;
  /** Clears what is on the line. */
  close(): void;
}

/** Has a reporter say whom a command waits for. */
export const waitingWith =
  (reporter: Reporter) =>
  (holder: string): void =>
    reporter.working(`Waiting for ${holder}`);
