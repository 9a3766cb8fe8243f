import type { StepResult } from './reporter.js';

/** Adds what steps did to the totals of a run, by step. */
export const addUp = (totals: Map<string, StepResult>, steps: readonly StepResult[]): void => {
  for (const { step, inserted, updated, deleted, durationMs } of steps) {
    const total = totals.get(step);
    totals.set(step, {
      step,
      inserted: inserted + (total?.inserted ?? 0),
      updated: updated + (total?.updated ?? 0),
      deleted: deleted + (total?.deleted ?? 0),
      durationMs: durationMs + (total?.durationMs ?? 0),
    });
  }
};

/** Rows that steps wrote in total, by kind. */
export const rowCounts = (steps: readonly StepResult[]) => {
  const total = (key: 'inserted' | 'updated' | 'deleted') => steps.reduce((sum, step) => sum + step[key], 0);
  return { rowsInserted: total('inserted'), rowsUpdated: total('updated'), rowsDeleted: total('deleted') };
};

/** Rows that steps wrote in total. */
export const rowsWritten = (steps: readonly StepResult[]): number => {
  const { rowsInserted, rowsUpdated, rowsDeleted } = rowCounts(steps);
  return rowsInserted + rowsUpdated + rowsDeleted;
};

/** Milliseconds that steps took in total. */
export const timeOf = (steps: readonly StepResult[]): number =>
  Math.round(steps.reduce((sum, { durationMs }) => sum + durationMs, 0));
