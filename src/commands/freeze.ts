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
import { freeze } from '../pipeline/freeze.js';
import { addDays } from '../pipeline/plan.js';
import { plural } from '../report/format.js';
import { waitingWith } from '../report/reporter.js';

interface FreezeFlags extends CommonFlags {
  before: string;
  dryRun?: boolean;
  wait: number;
}

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .description('keep the figures of all days before a day as they are, so that their taps may be archived')
    .requiredOption('--before <day>', 'the first day that goes on following from its taps', dayFlag)
    .option('--dry-run', 'check, and say what would be frozen; write nothing')
    .option('--wait <seconds>', 'wait for a run to end', waitFlag, 0)
    .addHelpText(
      'after',
      `
The days have to be processed and true. Afterwards their taps may leave the source; a tap that comes late for one of them is
ignored, and counted as such by every run. A person who leaves users goes from them as well. arc-gam thaw takes it back.

Examples:
  arc-gam freeze --before 2025-01-01 --dry-run    would it do?
  arc-gam freeze --before 2025-01-01              then the taps of 2024 and earlier may go
  arc-gam verify --full                           holds the frozen days against what was sealed`,
    );

const run = (flags: FreezeFlags, { reporter, signal, environment }: Invocation): Promise<void> => {
  const settings = readSettings(flags, environment);
  const commandLine = `freeze --before ${flags.before}`;
  return withDatabase(settings, commandLine, signal, async (database) => {
    const dryRun = flags.dryRun === true;
    const result = await freeze(database, settings, flags.before, {
      command: commandLine,
      dryRun,
      waitSeconds: flags.wait,
      signal,
      onWait: waitingWith(reporter),
      onWork: (what) => reporter.working(what),
    });
    const { before, firstDay, dayCount, tapCount } = result;
    const span = `${firstDay} .. ${addDays(before, -1)}`;
    reporter.say('frozen', { dryRun, ...result }, [
      dayCount === 0
        ? `All days before ${before} are frozen already (${span}).`
        : `${plural(dayCount, 'day')} with ${plural(tapCount, 'tap')} ${dryRun ? 'would be frozen (nothing was written)' : 'frozen'}: ${dryRun ? 'then' : 'now'} all days before ${before} are (${span}), and their taps may leave the source.`,
    ]);
  });
};

export const command: CommandFile = { group: 'To compute:', describe, run };
