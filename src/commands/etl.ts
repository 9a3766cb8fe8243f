import type { Command } from 'commander';
import {
  type CommandFile,
  type CommonFlags,
  dayFlag,
  daysFlag,
  type Invocation,
  refuseFlags,
  waitFlag,
  withCommonFlags,
} from '../command-line.js';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { runPipeline } from '../pipeline/run.js';

/** Flags that etl and backfill share. */
export interface RunFlags extends CommonFlags {
  lookback?: number;
  batchDays?: number;
  wait: number;
  dryRun?: boolean;
  diff?: boolean;
  explain?: boolean;
}

interface EtlFlags extends RunFlags {
  date?: string;
}

/** Adds the flags that etl and backfill share. */
export const withRunFlags = (command: Command): Command =>
  command
    .option(
      '--batch-days <n>',
      'days a transaction (default: as many as hold ARC_GAM_BATCH_TAPS taps)',
      daysFlag,
    )
    .option(
      '--lookback <days>',
      'look for changed days only so far back, with or without capture (default: all of history)',
      daysFlag,
    )
    .option('--dry-run', 'say what would change per table, write nothing')
    .option('--diff', 'with --dry-run: every changed row, old -> new')
    .option('--explain', 'say which days are stale and why, and what the steps were given')
    .option('--wait <seconds>', 'wait for another run to end', waitFlag, 0);

/**
 * The options of a run from the flags that etl and backfill have in common. Throws a usage failure for one without
 * effect.
 */
export const runWishes = (flags: RunFlags, invocation: Invocation) => {
  if (!flags.dryRun) {
    refuseFlags(
      invocation,
      ['diff'],
      'it belongs to --dry-run, which says what a run would change and writes nothing.',
    );
  }
  if (flags.dryRun) refuseFlags(invocation, ['batchDays'], '--dry-run is one batch, which is rolled back.');
  return {
    lookbackDays: flags.lookback ?? null,
    batchDays: flags.batchDays ?? null,
    waitSeconds: flags.wait,
    dryRun: flags.dryRun === true,
    showRows: flags.diff === true,
    explain: flags.explain === true,
    signal: invocation.signal,
  };
};

const describe = (command: Command): Command =>
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
  arc-gam etl --dry-run --explain    what it would do and why, without writing
  arc-gam etl --json --wait 600      for a scheduler`,
    );

const run = (flags: EtlFlags, invocation: Invocation): Promise<void> => {
  const commandLine = ['etl', flags.date === undefined ? '' : `--date ${flags.date}`].join(' ').trim();
  const wishes = runWishes(flags, invocation);
  const settings = readSettings(flags, invocation.environment);
  return withDatabase(settings, commandLine, invocation.signal, (database) =>
    runPipeline(
      database,
      settings,
      { ...wishes, command: commandLine, to: flags.date ?? null, always: true },
      invocation.reporter,
    ),
  );
};

export const command: CommandFile = { group: 'To compute:', describe, run };
