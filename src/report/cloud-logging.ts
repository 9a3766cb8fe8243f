import { writeAndDrain } from './drain.js';
import { formatCount, formatDuration, plural } from './format.js';
import { endedFields, withFieldNames } from './json.js';
import type { Reporter, RunReport, StepResult } from './reporter.js';
import { addUp, rowCounts, rowsWritten, timeOf } from './steps.js';

type Severity = 'DEBUG' | 'INFO' | 'NOTICE' | 'WARNING' | 'ERROR';

/**
 * One JSON object a line, as Cloud Logging reads it: severity, message and time, the labels run_id, command and
 * as_of_day, and everything else as fields; `event` says which line it is. The last line of a run is the event `ended`
 * or, with severity ERROR, `failed`. Format: https://cloud.google.com/logging/docs/structured-logging
 */
export const cloudLoggingReporter = (command: string, out: NodeJS.WritableStream): Reporter => {
  const begun = performance.now();
  const labels: Record<string, string> = { command };
  const done = { dayCount: 0, batchCount: 0, tapCount: 0, retryCount: 0 };
  const totals = new Map<string, StepResult>();
  const label = (name: 'run_id' | 'as_of_day', value: number | string | null) => {
    if (value !== null) labels[name] = String(value);
  };
  const line = (severity: Severity, event: string, message: string, fields: object = {}) =>
    `${JSON.stringify({
      severity,
      message,
      time: new Date().toISOString(),
      'logging.googleapis.com/labels': labels,
      event,
      ...fields,
    })}\n`;
  const emit = (...parts: Parameters<typeof line>) => {
    out.write(line(...parts));
  };
  return {
    working: (what) => emit('DEBUG', 'working', what),
    runOpened: (runId) => label('run_id', runId),
    plan: (report) => {
      label('as_of_day', report.asOfDay);
      const span = report.dayCount === 0 ? '' : `, ${report.firstDay} .. ${report.lastDay}`;
      const { command: commandLine, ...fields } = report;
      emit(
        'INFO',
        'plan',
        `${commandLine}: ${plural(report.dayCount, 'stale day')}${span}, ${plural(report.tapCount, 'tap')} in ${plural(report.batchCount, 'batch', 'batches')}`,
        { commandLine, ...fields },
      );
    },
    batchStarted: () => undefined,
    stepStarted: () => undefined,
    batchEnded: ({ index, count, days }, { tapCount, asOfDay, steps }) => {
      label('as_of_day', asOfDay);
      done.dayCount += days.length;
      done.batchCount += 1;
      done.tapCount += tapCount;
      addUp(totals, steps);
      const firstDay = days[0]?.day ?? null;
      const lastDay = days.at(-1)?.day ?? null;
      const metrics = { dayCount: days.length, tapCount, ...rowCounts(steps), durationMs: timeOf(steps) };
      emit(
        'INFO',
        'batch',
        `Batch ${index + 1} of ${count} is committed: ${firstDay} .. ${lastDay}, ${plural(tapCount, 'tap')} in ${formatDuration(metrics.durationMs)}`,
        { batch: index + 1, batchCount: count, firstDay, lastDay, ...metrics, steps: byStep(steps) },
      );
    },
    retrying: ({ attempt, waitMs, reason }) => {
      done.retryCount += 1;
      emit('WARNING', 'retry', `Try ${attempt} of the batch failed, again in ${waitMs} ms: ${reason}`, {
        attempt,
        waitMs,
        reason,
      });
    },
    notice: (message) => emit('NOTICE', 'notice', message),
    ended: async (report) => {
      label('run_id', report.runId);
      label('as_of_day', report.asOfDay);
      emit('INFO', 'ended', describe(report), {
        ...endedFields(report),
        steps: byStep(report.steps),
      });
    },
    changedRow: (row) =>
      writeAndDrain(out, line('INFO', 'change', `A row of ${row.table} would change`, { row })),
    table: async (name, tableRows, title) => {
      if (title !== undefined && tableRows.length === 0) emit('INFO', name, title);
      for (const row of tableRows)
        emit('INFO', name, `${name}: ${Object.values(row).join(' ')}`, { row: withFieldNames(row) });
    },
    say: (event, fields, lines, severity) =>
      emit(severity ?? 'INFO', event, lines.join('\n').trim() || event, { ...fields }),
    failed: (message, exitCode) => {
      const steps = [...totals.values()];
      emit('ERROR', 'failed', message, {
        state: 'failed',
        exitCode,
        asOfDay: labels.as_of_day ?? null,
        ...done,
        ...rowCounts(steps),
        durationMs: Math.round(performance.now() - begun),
        steps: byStep(steps),
      });
    },
    close: () => undefined,
  };
};

/** By name, not as a list: a log-based metric takes its value from a path such as steps.user_day_activity.inserted. */
const byStep = (steps: readonly StepResult[]) =>
  Object.fromEntries(
    steps.map(({ step, inserted, updated, deleted, durationMs }) => [
      step,
      { inserted, updated, deleted, durationMs: Math.round(durationMs) },
    ]),
  );

const describe = (report: RunReport): string => {
  const written = formatCount(rowsWritten(report.steps));
  const asOf = report.asOfDay === null ? 'no day is processed' : `as of ${report.asOfDay}`;
  return `${report.command}: ${plural(report.dayCount, 'day')}, ${plural(report.tapCount, 'tap')}, ${written} rows written in ${formatDuration(report.durationMs)}, ${asOf}`;
};
