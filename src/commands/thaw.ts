import type { Command } from 'commander';
import {
  type CommandFile,
  type CommonFlags,
  dayFlag,
  type Invocation,
  waitFlag,
  withCommonFlags,
} from '../command-line.js';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { thaw } from '../pipeline/freeze.js';
import { plural } from '../report/format.js';
import { waitingWith } from '../report/reporter.js';

interface ThawFlags extends CommonFlags {
  from?: string;
  force?: boolean;
  dryRun?: boolean;
  wait: number;
}

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .description('let frozen days follow from their taps again, once these are back in the source')
    .option('--from <day>', 'only the days from this one on (default: all)', dayFlag)
    .option('--force', 'also where counted taps are not in the source: they count no longer')
    .option('--dry-run', 'check, and say what would be thawed; write nothing')
    .option('--wait <seconds>', 'wait for a run to end', waitFlag, 0)
    .addHelpText(
      'after',
      `
It refuses while taps that are counted on these days are not in the source. The next run derives the days from what is there:
taps that came late while they were frozen then count.

Examples:
  arc-gam thaw --dry-run            are all taps back?
  arc-gam thaw                      and then: arc-gam etl
  arc-gam thaw --from 2024-01-01    only 2024 was brought back`,
    );

const run = (flags: ThawFlags, { reporter, signal, environment }: Invocation): Promise<void> => {
  const settings = readSettings(flags, environment);
  const commandLine = ['thaw', flags.from && `--from ${flags.from}`, flags.force && '--force']
    .filter((part) => part)
    .join(' ');
  return withDatabase(settings, commandLine, signal, async (database) => {
    const dryRun = flags.dryRun === true;
    const result = await thaw(
      database,
      settings,
      { from: flags.from ?? null, force: flags.force === true },
      {
        command: commandLine,
        dryRun,
        waitSeconds: flags.wait,
        signal,
        onWait: waitingWith(reporter),
        onWork: (what) => reporter.working(what),
      },
    );
    if (result === null) {
      reporter.say('thawed', { dryRun, dayCount: 0 }, [
        `No day${flags.from === undefined ? '' : ` from ${flags.from} on`} is frozen: there is nothing to thaw.`,
      ]);
      return;
    }
    const { from, to, dayCount, goneCount, lateCount, frozenBefore } = result;
    const counts = [
      goneCount > 0
        ? `${plural(goneCount, 'tap')} that ${goneCount === 1 ? 'is' : 'are'} gone count no longer`
        : '',
      lateCount > 0 ? `${plural(lateCount, 'tap')} that came late will count` : '',
    ].filter((words) => words !== '');
    reporter.say('thawed', { dryRun, ...result }, [
      `${plural(dayCount, 'day')} (${from} .. ${to}) ${dryRun ? 'would be thawed (nothing was written)' : 'thawed'}${counts.length === 0 ? '' : `; ${counts.join(', ')}`}.${frozenBefore === null ? '' : ` All days before ${frozenBefore} stay frozen.`}${dryRun ? '' : ' Derive them from their taps with: arc-gam etl'}`,
    ]);
  });
};

export const command: CommandFile = { group: 'To compute:', describe, run };
