import type { Command } from 'commander';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { usageFailure } from '../errors.js';
import { runPipeline } from '../pipeline/run.js';
import { withRunFlags } from './etl.js';
import { type CommonFlags, dayFlag, type Invocation, withCommonFlags } from './shared.js';

interface BackfillFlags extends CommonFlags {
  from?: string;
  to?: string;
  lookback?: number;
  batchDays?: number;
  wait: number;
  dryRun?: boolean;
  diff?: boolean;
  explain?: boolean;
  rebuild?: boolean;
}

export const describeBackfill = (command: Command): Command =>
  withCommonFlags(withRunFlags(command))
    .description(
      'process a span of days in batches, each a transaction; stopped at any point, the same command goes on',
    )
    .option('--from <day>', "first day (default: the first tap's day)", dayFlag)
    .option('--rebuild', 'empty every rollup first; after a change of the zone')
    .option('--to <day>', 'last day (default: yesterday in the zone)', dayFlag)
    .addHelpText(
      'after',
      `
Examples:
  arc-gam backfill                                       the whole history
  arc-gam backfill --from 2025-01-01 --to 2025-12-31     a year
  arc-gam backfill --batch-days 31                       a month a transaction`,
    );

/** Runs `arc-gam backfill`. Throws a failure that says what to do. */
export const runBackfill = (flags: BackfillFlags, { reporter, signal }: Invocation): Promise<void> => {
  if (flags.from !== undefined && flags.to !== undefined && flags.from > flags.to) {
    throw usageFailure(`--from ${flags.from} is after --to ${flags.to}. Give the earlier day first.`);
  }
  if (flags.rebuild && (flags.dryRun || flags.from !== undefined)) {
    throw usageFailure('--rebuild computes everything anew: it goes with neither --dry-run nor --from.');
  }
  const command = ['backfill', flags.from && `--from ${flags.from}`, flags.to && `--to ${flags.to}`]
    .filter((part) => part !== undefined)
    .join(' ');
  const settings = readSettings(flags);
  return withDatabase(settings, command, (database) =>
    runPipeline(
      database,
      settings,
      {
        command,
        from: flags.from ?? null,
        to: flags.to ?? null,
        always: false,
        lookbackDays: flags.lookback ?? null,
        batchDays: flags.batchDays ?? null,
        waitSeconds: flags.wait,
        rebuild: flags.rebuild === true,
        dryRun: flags.dryRun === true,
        showRows: flags.diff === true,
        explain: flags.explain === true,
        signal,
      },
      reporter,
    ),
  );
};
