import type { Reporter } from '../report/reporter.js';

/**
 * Adds a line for each stage of the demo to a reporter. The demo takes a while, and without a terminal there is no
 * changing line that shows its progress.
 */
export const withProgressLines = (reporter: Reporter, out: NodeJS.WritableStream): Reporter => {
  let last = '';
  const write = (text: string): void => {
    // Counts within a stage ("Loading taps: 40000") are for a line that changes.
    const stage = text.replace(/: \d+$/, '');
    if (stage !== last) out.write(`${stage}\n`);
    last = stage;
  };
  return {
    ...reporter,
    working: (what) => {
      write(what);
      reporter.working(what);
    },
    plan: (report) => {
      write(`Computing ${report.dayCount} days with ${report.tapCount} taps`);
      reporter.plan(report);
    },
    batchStarted: (report) => {
      // Of a community without taps there is one batch, of no days, that is not counted.
      if (report.count > 0) write(`Batch ${report.index + 1} of ${report.count}`);
      reporter.batchStarted(report);
    },
  };
};
