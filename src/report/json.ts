import { writeAndDrain } from './drain.js';
import type { Reporter, RunReport, StepResult } from './reporter.js';
import { rowCounts } from './steps.js';

/** The fields of the event `ended`, the same in --json and in Cloud Logging's format. */
export const endedFields = ({
  asOfDay,
  frozenBefore,
  dayCount,
  batchCount,
  tapCount,
  retryCount,
  durationMs,
  steps,
  ignored,
}: RunReport) => ({
  state: 'done',
  asOfDay,
  frozenBefore,
  dayCount,
  batchCount,
  tapCount,
  retryCount,
  ...rowCounts(steps),
  durationMs: Math.round(durationMs),
  ignored,
});

const inWholeMs = (steps: readonly StepResult[]): StepResult[] =>
  steps.map((step) => ({ ...step, durationMs: Math.round(step.durationMs) }));

/** A name as a field: `waiting changes` -> waiting_changes, so that a path to it needs no quotes. */
export const withFieldNames = (row: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name.replaceAll(' ', '_'), value]));

/** One JSON object a line; `event` says what it is. */
export const jsonReporter = (out: NodeJS.WritableStream): Reporter => {
  const line = (event: string, fields: object) => `${JSON.stringify({ event, ...fields })}\n`;
  const emit = (event: string, fields: object) => {
    out.write(line(event, fields));
  };
  return {
    working: () => undefined,
    plan: (report) => emit('plan', report),
    runOpened: () => undefined,
    batchStarted: () => undefined,
    stepStarted: () => undefined,
    batchEnded: ({ index, count, days }, { tapCount, asOfDay, steps, preparing }) =>
      emit('batch', {
        batch: index + 1,
        batchCount: count,
        firstDay: days[0]?.day ?? null,
        lastDay: days.at(-1)?.day ?? null,
        dayCount: days.length,
        tapCount,
        asOfDay,
        steps: inWholeMs(steps),
        preparing: inWholeMs(preparing),
      }),
    retrying: (report) => emit('retry', report),
    notice: (message) => emit('notice', { message }),
    ended: async (report) =>
      emit('ended', {
        ...report,
        ...endedFields(report),
        steps: inWholeMs(report.steps),
        preparing: inWholeMs(report.preparing),
      }),
    changedRow: (row) => writeAndDrain(out, line('change', row)),
    table: async (name, rows) => {
      for (const row of rows) emit(name, withFieldNames(row));
    },
    say: (event, fields) => emit(event, fields),
    failed: (message, exitCode) => emit('failed', { state: 'failed', message, exitCode }),
    close: () => undefined,
  };
};
