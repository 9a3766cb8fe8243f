import type { Command } from 'commander';
import {
  type CommandFile,
  type CommonFlags,
  choiceArgument,
  chosen,
  type Invocation,
  refuseFlags,
  waitFlag,
  wantsCloudLogging,
  wholeFlag,
  withCommonFlags,
} from '../command-line.js';
import { readSettings, type Settings } from '../config.js';
import { type Database, withDatabase } from '../db/database.js';
import { readPinned, withTransaction } from '../db/transaction.js';
import { migrateDown, migrateUp, migrationSql } from '../migrate/migrate.js';
import { migrationStatus } from '../migrate/migrations.js';
import { loadSteps } from '../pipeline/order.js';
import { frozenRenewal, renewals } from '../pipeline/outdated.js';
import { waitingWith } from '../report/reporter.js';

interface MigrateFlags extends CommonFlags {
  dryRun?: boolean;
  count?: number;
  all?: boolean;
  wait: number;
}

const directions = ['up', 'down', 'status'] as const;

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .addArgument(choiceArgument('[direction]', 'what to do', directions).default('up'))
    .description('set up or change the target schema; never writes outside of it')
    .option('--dry-run', 'print the SQL, write nothing')
    .option('--count <n>', 'down: how many migrations to take back (default: 1)', wholeFlag(1, 1_000))
    .option('--all', 'down: all of them, and the schema')
    .option('--wait <seconds>', 'wait for another run to end', waitFlag, 0)
    .addHelpText(
      'after',
      `
Examples:
  arc-gam migrate                 apply what is pending
  arc-gam migrate --dry-run       see its SQL first
  arc-gam migrate status          what is applied, pending or was edited
  arc-gam migrate down --all      remove everything that arc-gam made`,
    );

/**
 * Reports what the next run derives again because this version's SQL differs from the one that computed the figures.
 */
const reportRenewals = async (
  database: Database,
  settings: Settings,
  { reporter, signal }: Invocation,
): Promise<void> => {
  const steps = loadSteps();
  const [renewed, frozen] = await withTransaction(
    database,
    settings,
    async (session) => [await renewals(session, steps), await frozenRenewal(session, steps)] as const,
    { readOnly: true, signal },
  );
  if (renewed.length > 0)
    await reporter.table(
      'renewal',
      renewed,
      'The next run derives again, because their SQL changed (ms: what it took at most so far)',
    );
  if (frozen !== null) reporter.notice(frozen);
};

const run = async (given: string, flags: MigrateFlags, invocation: Invocation): Promise<void> => {
  const direction = chosen('migrate', given, directions);
  const { reporter, signal, environment, out } = invocation;
  if (direction !== 'down') refuseFlags(invocation, ['count', 'all'], 'it belongs to migrate down.');
  if (direction === 'down' && flags.all) refuseFlags(invocation, ['count'], '--all takes all of them back.');
  if (direction === 'down') refuseFlags(invocation, ['dryRun'], 'migrate down has none; see migrate status.');
  if (direction === 'status') refuseFlags(invocation, ['dryRun', 'wait'], 'migrate status only reads.');
  if (flags.dryRun) refuseFlags(invocation, ['wait'], '--dry-run only reads.');
  const settings = readSettings(flags, environment);
  await withDatabase(settings, `migrate ${direction}`, signal, async (database) => {
    if (direction === 'status' || flags.dryRun) {
      const client = await database.connect();
      try {
        if (direction === 'status') {
          const migrations = [...(await migrationStatus(client, settings.schema))];
          await reporter.table(
            'migration',
            migrations.map((row) => ({ ...row })),
          );
          if (migrations.every(({ state }) => state === 'applied'))
            await reportRenewals(database, settings, invocation);
          return;
        }
        const { sql, notices } = await readPinned(database, settings, client, () =>
          migrationSql(client, settings),
        );
        for (const notice of notices) reporter.notice(notice);
        if (flags.json || wantsCloudLogging(flags, environment)) await reporter.table('sql', [{ sql }]);
        else out.write(sql === '' ? 'Nothing is pending.\n' : `${sql}\n`);
      } finally {
        await client.end();
      }
      return;
    }
    reporter.working(`Migrating schema ${settings.schema}`);
    const options = {
      waitSeconds: flags.wait,
      signal,
      onWait: waitingWith(reporter),
    };
    const count = flags.all ? Number.MAX_SAFE_INTEGER : (flags.count ?? 1);
    const result =
      direction === 'up'
        ? await migrateUp(database, settings, options)
        : await migrateDown(database, settings, count, options);
    const state = direction === 'up' ? 'applied' : 'taken back';
    if (result.names.length > 0)
      await reporter.table(
        'migration',
        result.names.map((name) => ({ name, state })),
      );
    else if (!result.viewsChanged)
      await reporter.table(
        'migration',
        [],
        direction === 'up'
          ? `Schema ${settings.schema} is up to date.`
          : `Nothing is applied in schema ${settings.schema}: there is nothing to take back.`,
      );
    if (direction === 'up' && result.viewsChanged && result.names.length === 0) {
      await reporter.table('migration', [{ name: 'source views', state: 'made anew' }]);
    }
    for (const notice of result.notices) reporter.notice(notice);
  });
};

export const command: CommandFile = { group: 'To set it up:', describe, run };
