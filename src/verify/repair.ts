import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { withTransaction } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import { runPipeline } from '../pipeline/run.js';
import type { Reporter } from '../report/reporter.js';
import type { Verification } from './verify.js';

export interface RepairOptions {
  readonly command: string;
  readonly waitSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Marks what was found as stale and runs the pipeline up to the as-of day: the same path that derives everything else.
 * Throws a failure, for example with exit code 4 if another run holds the lock; the marks then wait for the next run.
 */
export const repair = async (
  database: Database,
  settings: Settings,
  { marks, asOfDay }: Verification,
  { command, waitSeconds, signal }: RepairOptions,
  reporter: Reporter,
): Promise<void> => {
  await withTransaction(
    database,
    settings,
    (session) => session.query(readPackageFile('sql/verify/stale_mark.sql'), [JSON.stringify(marks)]),
    { signal },
  );
  await runPipeline(
    database,
    settings,
    {
      command,
      to: asOfDay,
      isNamed: false,
      waitSeconds,
      signal,
    },
    reporter,
  );
};
