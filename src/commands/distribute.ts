import type { Command } from 'commander';
import { type Cluster, inspectCluster, isSpread, requireUsable, sourceViews } from '../citus/cluster.js';
import { type CommandFile, type CommonFlags, type Invocation, withCommonFlags } from '../command-line.js';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { withTransaction } from '../db/transaction.js';
import { usageFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { requireMigratedSchema } from '../migrate/migrations.js';
import { formatBytes } from '../report/format.js';

interface DistributeFlags extends CommonFlags {
  dryRun?: boolean;
}

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .description(
      'on a Citus cluster: where each table would be if the figures were spread over the nodes too',
    )
    .option('--dry-run', 'print the plan with sizes; the only thing that this version does')
    .addHelpText(
      'after',
      `
Examples:
  arc-gam distribute --dry-run    each table with its placement, its size and why

The application's taps can be distributed today, and the figures stay on the coordinator. Moving the figures as well is not
part of this version.`,
    );

interface Planned extends Record<string, unknown> {
  readonly placement: string;
  readonly bytes: number;
  readonly copies: number;
}

/** Throws a usage failure where there is no cluster to spread anything over. */
const requireCluster = (cluster: Cluster | null): Cluster => {
  if (cluster === null)
    throw usageFailure(
      'distribute is about a database that is spread over several servers by the extension Citus, and this one is on one server. Nothing is to be done; when a cluster is worth it: https://github.com/arc-gam/arc-gam/blob/main/docs/scale.md',
    );
  if (!isSpread(cluster))
    throw usageFailure(
      "Citus is installed, but the application's taps are on this server alone: spread them first. Run: select create_reference_table('public.users'); select create_distributed_table('public.taps', 'id');",
    );
  return cluster;
};

const run = async (flags: DistributeFlags, { reporter, signal, environment }: Invocation): Promise<void> => {
  const settings = readSettings(flags, environment);
  await withDatabase(settings, 'distribute', async (database) => {
    await requireMigratedSchema(database, settings.schema);
    const plan = await withTransaction(
      database,
      settings,
      async (session) => {
        const cluster = requireCluster(await inspectCluster(session.query, sourceViews));
        requireUsable(cluster);
        if (!flags.dryRun)
          throw usageFailure(
            'This version does not move the figures: they stay on the coordinator, and nothing was changed. See where each table would be with: arc-gam distribute --dry-run',
          );
        return session.query<Planned>(readPackageFile('sql/citus/plan.sql'), [
          settings.schema,
          cluster.nodes.length,
        ]);
      },
      { readOnly: true, signal },
    );
    reporter.table('placement', plan, 'Where each table would be');
    const moved = plan.filter(({ placement }) => placement !== 'local');
    const bytes = moved.reduce((sum, table) => sum + table.bytes * table.copies, 0);
    reporter.notice(
      `${moved.length} of ${plan.length} tables would leave the coordinator, ${formatBytes(bytes)} with their copies. Beside them a list of friends per user and the ranks of each week would be kept on every node. Nothing was changed.`,
    );
  });
};

export const command: CommandFile = { group: 'To set it up:', describe, run };
