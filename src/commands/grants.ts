import type { Command } from 'commander';
import {
  type CommandFile,
  type CommonFlags,
  type Invocation,
  wantsCloudLogging,
  withCommonFlags,
} from '../command-line.js';
import { readSettings, type Settings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { usageFailure, workFailure } from '../errors.js';
import { grantsSql, type RoleNames } from '../migrate/grants.js';
import { requireSourceTables } from '../migrate/source.js';

interface GrantsFlags extends CommonFlags, RoleNames {
  apply?: boolean;
}

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .description('print the SQL of three roles: an owner that migrates, a job that writes, a reader')
    .option('--apply', 'run it, in one transaction')
    .option('--owner <role>', 'the role that migrates', 'arc_gam_owner')
    .option('--job <role>', 'the role of backfill and etl', 'arc_gam_job')
    .option('--reader <role>', 'the role that only reads our schema', 'arc_gam_reader')
    .addHelpText(
      'after',
      `
It needs a role that may create roles and grant on the application's two tables. Missing roles are made without a
password: give them one with psql's \\password, or use IAM. Run it before the first migrate and again after it.

Examples:
  arc-gam grants                                 look at the SQL
  arc-gam grants | psql "$ADMIN_URL"             run it with psql
  arc-gam grants --apply --database-url "$ADMIN_URL"
  arc-gam grants --job arc-gam-job@project.iam   a service account (IAM) as the job`,
    );

const run = async (flags: GrantsFlags, { reporter, signal, environment, out }: Invocation): Promise<void> => {
  const settings = readSettings(flags, environment);
  requireOwnSchema(settings);
  const sql = grantsSql(settings, flags);
  if (!flags.apply) {
    if (flags.json || wantsCloudLogging(flags, environment)) await reporter.table('sql', [{ sql }]);
    else out.write(`begin;\n\n${sql}\ncommit;\n`);
    return;
  }
  await withDatabase(settings, 'grants', signal, async (database) => {
    const client = await database.connect();
    try {
      await requireSourceTables(client, settings);
      await client.query(`begin; set local lock_timeout = ${settings.lockTimeoutMs}; ${sql} commit;`);
    } catch (error) {
      if ((error as { code?: string }).code !== '42501') throw error;
      throw workFailure(
        `'${settings.target.user}' may not grant that: ${(error as Error).message}. Run it as a role that may create roles and grant on the application's tables, or give the SQL of arc-gam grants to their owner. Nothing was changed.`,
        { cause: error },
      );
    } finally {
      await client.end();
    }
    await reporter.table('role', [
      { role: flags.owner, may: `own schema ${settings.schema}, migrate, read the two source tables` },
      { role: flags.job, may: `read and write the tables of schema ${settings.schema}` },
      { role: flags.reader, may: `read schema ${settings.schema}` },
    ]);
  });
};

const requireOwnSchema = (settings: Settings): void => {
  if (settings.schema.toLowerCase() !== 'public') return;
  throw usageFailure(
    "The target schema is 'public', where other tables live too: rights on all of its tables would reach them. Use a schema of its own for arc-gam, for example 'gamification'.",
  );
};

export const command: CommandFile = { group: 'To set it up:', describe, run };
