import type { Command } from 'commander';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { runPipeline } from '../pipeline/run.js';
import { type CommonFlags, dayFlag, type Invocation, wholeFlag, withCommonFlags } from './shared.js';

interface EtlFlags extends CommonFlags {
  date?: string;
  lookback?: number;
  batchDays?: number;
  wait: number;
  dryRun?: boolean;
  diff?: boolean;
  explain?: boolean;
}

/** Flags that etl and backfill share. */
export const withRunFlags = (command: Command): Command =>
  command
    .option(
      '--batch-days <n>',
      'days a transaction (default: as many as hold ARC_GAM_BATCH_TAPS taps)',
      wholeFlag(1),
    )
    .option(
      '--lookback <days>',
      'look for changed days only so far back (default: all of history)',
      wholeFlag(1),
    )
    .option('--dry-run', 'say what would change per table, write nothing')
    .option('--diff', 'with --dry-run: every changed row, old -> new')
    .option('--explain', 'say which days are stale and why, and what the steps were given')
    .option('--wait <seconds>', 'wait for another run to end', wholeFlag(0), 0);

export const describeEtl = (command: Command): Command =>
  withCommonFlags(withRunFlags(command))
    .description(
      'bring the rollups up to a day: what is missing before it, and every day whose source changed',
    )
    .option('--date <day>', 'the day (default: yesterday in the zone)', dayFlag)
    .addHelpText(
      'after',
      `
Examples:
  arc-gam etl                        every night: yesterday, and whatever changed before it
  arc-gam etl --date 2026-01-31      up to a day
  arc-gam etl --json --wait 600      for a scheduler`,
    );

/** Runs `arc-gam etl`. Throws a failure that says what to do. */
export const runEtl = (flags: EtlFlags, { reporter, signal }: Invocation): Promise<void> => {
  const command = ['etl', flags.date === undefined ? '' : `--date ${flags.date}`].join(' ').trim();
  const settings = readSettings(flags);
  return withDatabase(settings, command, (database) =>
    runPipeline(
      database,
      settings,
      {
        command,
        from: null,
        to: flags.date ?? null,
        always: true,
        lookbackDays: flags.lookback ?? null,
        batchDays: flags.batchDays ?? null,
        waitSeconds: flags.wait,
        rebuild: false,
        dryRun: flags.dryRun === true,
        showRows: flags.diff === true,
        explain: flags.explain === true,
        signal,
      },
      reporter,
    ),
  );
};
