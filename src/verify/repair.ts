import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { withTransaction } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import { runPipeline } from '../pipeline/run.js';
import { todayIn } from '../pipeline/stale.js';
import type { Reporter } from '../report/reporter.js';
import type { Verification } from './verify.js';

export interface RepairOptions {
  readonly command: string;
  readonly waitSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** What there is to do where a frozen day is not as it was sealed. */
export const unsealedAdvice =
  'Nothing stored says what a frozen day was before somebody touched it: bring its taps back into the source, then: arc-gam thaw --force';

/** Whether a frozen day is not as it was sealed, on whatever days a verification looked. */
export const isUnsealed = (database: Database, settings: Settings): Promise<boolean> =>
  withTransaction(
    database,
    settings,
    async (session) => {
      const [frozen] = await session.query('select 1 from frozen_day limit 1');
      if (frozen === undefined) return false;
      const [unsealed] = await session.query<{ count: number }>(
        readPackageFile('sql/verify/unsealed_day.sql'),
      );
      return (unsealed?.count ?? 0) > 0;
    },
    { readOnly: true },
  );

/**
 * Marks what was found as stale and runs the pipeline up to the as-of day, or to today where that is earlier: the same
 * path that derives everything else. Throws a failure, for example with exit code 4 if another run holds the lock; the
 * marks then wait for the next run.
 */
export const repair = async (
  database: Database,
  settings: Settings,
  { marks, asOfDay, zone }: Verification,
  { command, waitSeconds, signal }: RepairOptions,
  reporter: Reporter,
): Promise<void> => {
  const today = await withTransaction(
    database,
    settings,
    async (session) => {
      await session.query(readPackageFile('sql/verify/stale_mark.sql'), [JSON.stringify(marks)]);
      return todayIn(session, zone);
    },
    { signal },
  );
  await runPipeline(
    database,
    settings,
    {
      command,
      to: asOfDay < today ? asOfDay : today,
      isNamed: false,
      waitSeconds,
      signal,
    },
    reporter,
  );
};
