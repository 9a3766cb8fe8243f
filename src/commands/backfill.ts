import type { Command } from 'commander';
import { type CommandFile, dayFlag, type Invocation, refuseFlags, withCommonFlags } from '../command-line.js';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { usageFailure } from '../errors.js';
import { runPipeline } from '../pipeline/run.js';
import { type RunFlags, runWishes, withRunFlags } from './etl.js';

interface BackfillFlags extends RunFlags {
  from?: string;
  to?: string;
  rebuild?: boolean;
}

const describe = (command: Command): Command =>
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

const run = (flags: BackfillFlags, invocation: Invocation): Promise<void> => {
  const wishes = runWishes(flags, invocation);
  if (flags.from !== undefined && flags.to !== undefined && flags.from > flags.to) {
    throw usageFailure(`--from ${flags.from} is after --to ${flags.to}. Give the earlier day first.`);
  }
  if (flags.rebuild && (flags.dryRun || flags.from !== undefined)) {
    throw usageFailure('--rebuild computes everything anew: it goes with neither --dry-run nor --from.');
  }
  const attempt = Number(invocation.environment.CLOUD_RUN_TASK_ATTEMPT ?? 0);
  if (flags.rebuild && attempt > 0) {
    throw usageFailure(
      `This is try ${attempt + 1} of the Cloud Run task, and --rebuild would begin again. What the first try committed stays, and arc-gam status says up to which day the figures are. Go on with: arc-gam backfill`,
    );
  }
  if (flags.rebuild) {
    refuseFlags(
      invocation,
      ['lookback'],
      '--rebuild begins with empty tables, so that every day is missing.',
    );
  }
  const commandLine = [
    'backfill',
    flags.from && `--from ${flags.from}`,
    flags.to && `--to ${flags.to}`,
    flags.rebuild && '--rebuild',
  ]
    .filter(Boolean)
    .join(' ');
  const settings = readSettings(flags, invocation.environment);
  return withDatabase(settings, commandLine, invocation.signal, (database) =>
    runPipeline(
      database,
      settings,
      {
        ...wishes,
        command: commandLine,
        from: flags.from ?? null,
        to: flags.to ?? null,
        rebuild: flags.rebuild === true,
      },
      invocation.reporter,
    ),
  );
};

export const command: CommandFile = { group: 'To compute:', describe, run };
