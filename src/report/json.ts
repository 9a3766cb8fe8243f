import { writeAndDrain } from './drain.js';
import type { Reporter } from './reporter.js';

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
        steps,
        preparing,
      }),
    retrying: (report) => emit('retry', report),
    notice: (message) => emit('notice', { message }),
    ended: (report) => emit('ended', report),
    changedRow: (row) => writeAndDrain(out, line('change', row)),
    table: (name, rows) => {
      for (const row of rows) emit(name, row);
    },
    say: (event, fields) => emit(event, fields),
    failed: (message, exitCode) => emit('failed', { message, exitCode }),
    close: () => undefined,
  };
};
