import { randomInt } from 'node:crypto';
import type { Command } from 'commander';
import kleur from 'kleur';
import type pg from 'pg';
import {
  type CommandFile,
  type CommonFlags,
  type Invocation,
  refuseFlags,
  withCommonFlags,
} from '../command-line.js';
import { mappingOf, readSettings, type Settings, type SourceMapping } from '../config.js';
import { type Database, withDatabase, withPooled } from '../db/database.js';
import { readPinned } from '../db/transaction.js';
import { exitCode, Failure, usageFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { type CatalogueColumn, type Guesses, guessMapping } from '../init/guess.js';
import { addSettings, type Setting, settingsText, withoutPassword } from '../init/settings-file.js';
import { migrateUp, migrationSql } from '../migrate/migrate.js';
import { applicationTables, inspectSource, recordedSetting, relationName } from '../migrate/source.js';
import { runPipeline } from '../pipeline/run.js';
import { formatCount, formatDuration, plural } from '../report/format.js';
import type { Reporter, RunReport } from '../report/reporter.js';
import { filledFile } from '../sql-text.js';
import { verify } from '../verify/verify.js';

interface InitFlags extends CommonFlags {
  file: string;
  dryRun?: boolean;
  yes?: boolean;
}

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .description('find the tables and columns that fit, write the settings, and say what migrate would do')
    .option('--file <path>', 'where the settings go; what the file has stays', '.env')
    .option('--dry-run', 'say what was found, write no file')
    .option('--yes', 'go on: migrate, backfill, etl, verify')
    .addHelpText(
      'after',
      `
It reads the catalogue and a thousand taps, and asks nothing. Whatever it can't find out it says, with the setting that
decides it: set that (in the environment or the file) and run it again. No password is written anywhere.

Examples:
  arc-gam init --database-url postgres://me@localhost/app            what it finds goes to .env
  arc-gam init --dry-run                                             only look
  arc-gam init --yes                                                 and everything that follows, in one go`,
    );

const run = async (flags: InitFlags, invocation: Invocation): Promise<void> => {
  const { reporter, environment } = invocation;
  if (flags.dryRun) refuseFlags(invocation, ['yes', 'file'], '--dry-run writes nothing.');
  const first = readSettings(flags, environment);
  await withDatabase(first, 'init', invocation.signal, async (database) => {
    reporter.working('Looking for taps and users');
    const given: Partial<Record<keyof SourceMapping, string>> = { ...first.source };
    for (const key of ['tapsTable', 'usersTable'] as const) {
      if (given[key] === undefined) continue;
      const { schema, table } = relationName(mappingOf(given), key);
      given[key] = `${schema}.${table}`;
    }
    const guesses = await lookAt(database, first, given);
    if (guesses.undecided.length > 0) {
      throw usageFailure(
        `${guesses.undecided.join('\n')}\nNothing was written. Then run again: arc-gam init`,
      );
    }
    const found = Object.fromEntries(guesses.settings.map(({ variable, value }) => [variable, value]));
    const settings = readSettings(flags, { ...environment, ...found });
    const zone = await reading(database, settings, (client) =>
      recordedSetting(client, settings.schema, 'zone'),
    );
    const all = [...connection(flags, environment), zoneOf(environment, zone), ...guesses.settings];
    const plan = await whatMigrateDoes(database, settings);
    const fit = await howItFits(database, settings);
    const { added, others } = flags.dryRun ? { added: [], others: [] } : addSettings(flags.file, all);
    reporter.say(
      'init',
      {
        settings: all.map(({ variable, value, why }) => ({ variable, value, why })),
        missing: guesses.missing,
        file: flags.dryRun ? null : flags.file,
        added,
        pendingCount: plan.pendingCount,
        notices: plan.notices,
        ...fit,
      },
      screen(all, guesses, plan, fit, flags, added, others),
    );
    if (flags.yes) await goOn(database, settings, invocation);
  });
};

const lookAt = async (
  database: Database,
  settings: Settings,
  given: Partial<Record<keyof SourceMapping, string>>,
): Promise<Guesses> =>
  reading(database, settings, async (client) => {
    const tables = await applicationTables(client);
    const { rows } = await client.query<CatalogueColumn>(readPackageFile('sql/init/column.sql'), [
      tables.join('\n'),
    ]);
    return guessMapping(rows, given);
  });

const reading = <Result>(
  database: Database,
  settings: Settings,
  use: (client: pg.ClientBase) => Promise<Result>,
): Promise<Result> =>
  withPooled(database, (client) => readPinned(database, settings, client, () => use(client)));

/** Settings for the address if it came by a flag; what is in the environment is not written to the file. */
const connection = (flags: InitFlags, environment: Record<string, string | undefined>): Setting[] => {
  const url = flags.databaseUrl === undefined ? '' : withoutPassword(flags.databaseUrl);
  const settings =
    url === ''
      ? []
      : [{ variable: 'DATABASE_URL', value: url, why: 'as given with --database-url, without its password' }];
  const schema = flags.schema ?? environment.ARC_GAM_SCHEMA;
  return schema === undefined
    ? settings
    : [...settings, { variable: 'ARC_GAM_SCHEMA', value: schema, why: 'the target schema, as given' }];
};

const zoneOf = (
  { ARC_GAM_TZ: zone }: Record<string, string | undefined>,
  recorded: string | null,
): Setting => ({
  variable: 'ARC_GAM_TZ',
  value: zone ?? recorded ?? 'UTC',
  why:
    zone !== undefined
      ? 'set already'
      : recorded !== null
        ? 'the zone that the figures here were computed in'
        : 'nothing in a database says where its people live: set the IANA zone that decides their days before the first run, such as America/New_York; later it takes a rebuild',
});

interface MigratePlan {
  readonly pendingCount: number;
  readonly lineCount: number;
  readonly notices: readonly string[];
}

/** Does what `migrate --dry-run` does, which also checks the mapping. Throws a usage failure if that is wrong. */
const whatMigrateDoes = (database: Database, settings: Settings): Promise<MigratePlan> =>
  reading(database, settings, async (client) => {
    const { sql, notices } = await migrationSql(client, settings);
    return {
      pendingCount: [...sql.matchAll(/^-- \d{4}_\w+$/gm)].length,
      lineCount: sql === '' ? 0 : sql.split('\n').length,
      notices,
    };
  });

interface Fit extends Record<string, unknown> {
  readonly tap_count: number;
  readonly known_count: number;
}

const howItFits = (database: Database, settings: Settings): Promise<Fit> =>
  reading(database, settings, async (client) => {
    const { views } = await inspectSource(client, settings);
    const selectOf = (view: string) => {
      const head = `create view ${view} as\n`;
      return views.find((text) => text.startsWith(head))?.slice(head.length) ?? '';
    };
    const words = { tap: selectOf('tap'), app_user: selectOf('app_user') };
    const { rows } = await client.query<Fit>(filledFile('sql/init/fit.sql', words));
    return rows[0] ?? { tap_count: 0, known_count: 0 };
  });

const screen = (
  settings: readonly Setting[],
  { missing }: Guesses,
  plan: MigratePlan,
  fit: Fit,
  flags: InitFlags,
  added: readonly string[],
  others: readonly string[],
): string[] => {
  const isMisfit = fit.tap_count > 0 && fit.known_count === 0;
  const fits =
    fit.tap_count === 0
      ? 'There are no taps yet.'
      : `Of ${plural(fit.tap_count, 'tap')} looked at, ${formatCount(fit.known_count)} name two users.${isMisfit ? ' None does: are these the right columns?' : ''}`;
  const written = flags.dryRun
    ? 'Nothing was written.'
    : added.length === 0
      ? `${flags.file} has all of ${others.length === 0 ? 'it' : 'these settings'} already: nothing was written.`
      : `Written to ${flags.file}: ${plural(added.length, 'setting')}. Look at them, then go on.`;
  const migrates =
    plan.pendingCount === 0
      ? 'migrate has no migration to apply.'
      : `migrate would apply ${plural(plan.pendingCount, 'migration')} (${plural(plan.lineCount, 'line')} of SQL, see arc-gam migrate --dry-run); it writes only to its own schema.`;
  return [
    ...settingsText(settings)
      .trimEnd()
      .split('\n')
      .map((line) => (line.startsWith('#') ? kleur.dim(line) : line)),
    '',
    fits,
    ...missing,
    ...plan.notices.filter((notice) => !notice.includes('has no column')),
    migrates,
    written,
    ...(others.length === 0
      ? []
      : [`With other values there, which stay and are what the next command goes by: ${others.join(', ')}.`]),
    ...(flags.yes || flags.dryRun
      ? []
      : [
          'Next: arc-gam init --yes, or one by one: arc-gam migrate, arc-gam backfill, arc-gam etl, arc-gam verify',
        ]),
  ];
};

/** Runs migrate, backfill, etl and a sampled verification, and reports them in one summary. */
const goOn = async (
  database: Database,
  settings: Settings,
  { reporter, signal }: Invocation,
): Promise<void> => {
  const started = performance.now();
  reporter.working('Migrating');
  const { names } = await migrateUp(database, settings, { waitSeconds: 0, signal });
  const reports: RunReport[] = [];
  const quiet: Reporter = {
    ...reporter,
    plan: () => undefined,
    table: async () => undefined,
    ended: async (report) => {
      reports.push(report);
    },
  };
  await runPipeline(database, settings, { command: 'backfill', signal }, quiet);
  await runPipeline(database, settings, { command: 'etl', always: true, signal }, quiet);
  const { results, coverage } = await verify(database, settings, {
    scope: { full: false, sample: 200, seed: String(randomInt(1_000_000)), date: null, user: null },
    tables: [],
    limit: 5,
    signal,
    onWork: (what) => reporter.working(what),
    onCheck: () => undefined,
    onPrepared: () => undefined,
  });
  const wrong = results.filter(({ state }) => state === 'finding' || state === 'stale');
  const dayCount = reports.reduce((sum, report) => sum + report.dayCount, 0);
  const tapCount = reports.reduce((sum, report) => sum + report.tapCount, 0);
  const last = reports.at(-1);
  reporter.say(
    'set_up',
    {
      migrationCount: names.length,
      dayCount,
      tapCount,
      asOfDay: last?.asOfDay ?? null,
      ignored: last?.ignored ?? {},
      checkCount: results.length,
      failedCount: wrong.length,
      durationMs: Math.round(performance.now() - started),
    },
    [
      '',
      `Set up in ${formatDuration(performance.now() - started)}: ${plural(names.length, 'migration')} applied, ${plural(dayCount, 'day')} with ${plural(tapCount, 'tap')} processed, as of ${last?.asOfDay ?? 'no day'}; ${plural(coverage.userCount, 'user')} recomputed by verify: ${wrong.length === 0 ? 'all equal' : `${plural(wrong.length, 'check')} of ${results.length} found something`}.`,
      'Every night: arc-gam etl     How it stands: arc-gam status     The page: arc-gam serve',
    ],
  );
  if (wrong.length > 0) {
    throw new Failure(
      exitCode.findings,
      `verify found differences in ${[...new Set(wrong.map(({ table }) => table))].join(', ')}. Look at them with: arc-gam verify`,
    );
  }
};

export const command: CommandFile = { group: 'To set it up:', describe, run };
