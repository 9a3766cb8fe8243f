import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { withTransaction } from '../db/transaction.js';
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
    async (session) => {
      for (const kind of ['day', 'user'] as const) {
        const marked = kind === 'day' ? marks.days : marks.users;
        await session.query(
          `insert into stale_mark (${kind}${kind === 'user' ? '_id' : ''}, reason)
           select marked.key::${kind === 'user' ? 'uuid' : 'date'}, marked.reason
           from jsonb_to_recordset($1::text::jsonb) as marked (key text, reason text)`,
          [JSON.stringify(marked)],
        );
      }
    },
    { signal },
  );
  await runPipeline(
    database,
    settings,
    {
      command,
      to: asOfDay,
      waitSeconds,
      signal,
    },
    reporter,
  );
};
