import type { Command } from 'commander';
import {
  type CommandFile,
  type CommonFlags,
  type Invocation,
  refuseFlags,
  waitFlag,
  withCommonFlags,
} from '../command-line.js';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { withTransaction } from '../db/transaction.js';
import { moveTables, type PlannedTable, planMoves, toMove } from '../distribute/distribute.js';
import { requireMigratedSchema } from '../migrate/migrations.js';
import { formatBytes, plural } from '../report/format.js';
import { waitingWith } from '../report/reporter.js';

interface DistributeFlags extends CommonFlags {
  dryRun?: boolean;
  undo?: boolean;
  wait: number;
}

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .description('on a Citus cluster: spread the figures over the nodes, or fetch them back')
    .option('--dry-run', 'print where each table is and would be, with sizes; move nothing')
    .option('--undo', 'fetch all tables back to the coordinator')
    .option('--wait <seconds>', 'wait for a run to end', waitFlag, 0)
    .addHelpText(
      'after',
      `
The application's taps have to be distributed, and its users on every node. Each table is moved in a transaction of its own, in
which nobody can read it; stopped at any point, the same command goes on with the next one. Afterwards every command works as
before, and each figure is the same.

Examples:
  arc-gam distribute --dry-run    each table with its placement, its size and why
  arc-gam distribute
  arc-gam distribute --undo       back to the coordinator, which must have room for all of them`,
    );

const run = async (flags: DistributeFlags, invocation: Invocation): Promise<void> => {
  const { reporter, signal, environment } = invocation;
  if (flags.dryRun) refuseFlags(invocation, ['wait'], '--dry-run only reads.');
  const settings = readSettings(flags, environment);
  const undo = flags.undo === true;
  const commandLine = undo ? 'distribute --undo' : 'distribute';
  await withDatabase(settings, commandLine, signal, async (database) => {
    if (flags.dryRun) {
      await requireMigratedSchema(database, settings.schema);
      const plan = await withTransaction(
        database,
        settings,
        (session) => planMoves(session, settings.schema, undo),
        { readOnly: true, signal },
      );
      await reporter.table('placement', plan, 'Where each table is, and where it would be');
      const moving = toMove(plan, undo);
      reporter.notice(
        moving.length === 0
          ? `All ${plan.length} tables are where they would be. Nothing was changed.`
          : `${moving.length} of ${plan.length} tables would ${undo ? 'come back to' : 'leave'} the coordinator, ${formatBytes(bytesOf(moving, undo))}${undo ? '' : ' with their copies'}. Nothing was changed.`,
      );
      return;
    }
    const moved = await moveTables(database, settings, {
      command: commandLine,
      undo,
      waitSeconds: flags.wait,
      signal,
      onWait: waitingWith(reporter),
      onTable: ({ table, bytes }, index, count) =>
        reporter.working(
          `${undo ? 'Fetching' : 'Moving'} ${table} (${formatBytes(bytes)}), ${index + 1} of ${count}`,
        ),
    });
    reporter.say('distributed', { undo, tables: moved.map(({ table }) => table) }, [
      describeMoved(moved, undo),
    ]);
  });
};

const bytesOf = (tables: readonly PlannedTable[], undo: boolean): number =>
  tables.reduce((sum, { bytes, copies }) => sum + (undo ? bytes / copies : bytes * copies), 0);

const describeMoved = (moved: readonly PlannedTable[], undo: boolean): string => {
  if (moved.length === 0)
    return undo
      ? 'All tables are on the coordinator already.'
      : 'All tables are where they should be already.';
  const size = formatBytes(bytesOf(moved, undo));
  return undo
    ? `${plural(moved.length, 'table')} (${size}) came back to the coordinator.`
    : `${plural(moved.length, 'table')} left the coordinator (${size} with their copies). Back again: arc-gam distribute --undo`;
};

export const command: CommandFile = { group: 'To set it up:', describe, run };
