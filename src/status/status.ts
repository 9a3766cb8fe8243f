import type pg from 'pg';
import { captureState } from '../capture/capture.js';
import type { Settings } from '../config.js';
import { askClient, type Database } from '../db/database.js';
import { followLock, runLockHolder } from '../db/run-lock.js';
import { type Session, withTransaction } from '../db/transaction.js';
import { type FigureSpread, readFigureSpread } from '../distribute/distribute.js';
import { readPackageFile } from '../files.js';
import { type MigrationStatus, migrationStatus, sourceRelations } from '../migrate/migrations.js';
import { mappingNotices } from '../migrate/source.js';
import { type Frozen, readFrozen } from '../pipeline/frozen.js';
import { factsDigest } from '../pipeline/meaning.js';
import { loadSteps } from '../pipeline/order.js';
import { outdatedSteps } from '../pipeline/outdated.js';
import { addDays } from '../pipeline/plan.js';
import { firstFew, formatCount, formatDuration, plural } from '../report/format.js';

/** Something that needs attention, and the command to run for it. */
export interface Attention {
  readonly what: string;
  readonly command: string;
}

export interface RunRow extends Record<string, unknown> {
  readonly run_id: number;
  readonly command: string;
  readonly state: string;
  readonly started_at: string;
  readonly duration_ms: number;
  readonly day_count: number;
  readonly tap_count: number;
  readonly row_count: number;
  readonly message: string | null;
}

export interface TableRow extends Record<string, unknown> {
  readonly table_name: string;
  readonly row_estimate: number;
  readonly bytes: number;
}

export interface LedgerSummary extends Record<string, unknown> {
  readonly today: string;
  readonly as_of_day: string | null;
  readonly first_day: string | null;
  readonly day_count: number;
  readonly gap_count: number | null;
  readonly days_behind: number | null;
  readonly ignored_count: number;
  readonly mark_count: number;
  readonly mark_reason: string | null;
  readonly captured_count: number;
  readonly last_updated_at: Date | null;
}

/** The health of the source. Taps of the future are counted up to 1,000; null where no index can find them. */
export interface SourceHealth extends Record<string, unknown> {
  readonly null_id_count: number;
  readonly self_tap_count: number;
  readonly unknown_user_count: number;
  readonly is_time_indexed: boolean | null;
  readonly future_count: number | null;
}

/** How far the figures are behind the source, in milliseconds; null where there was nothing to measure. */
export interface Live {
  readonly follower: string | null;
  /** Age of the oldest change that is not counted yet. */
  readonly oldest_change_ms: number | null;
  /** Cycles of the last hour, as the follower notes them once a minute. */
  readonly cycle_count: number;
  readonly median_ms: number | null;
  readonly worst_ms: number | null;
  readonly worst_lag_ms: number | null;
}

/** An index of our tables, and how often it was read since the server's statistics began. */
export interface IndexRow extends Record<string, unknown> {
  readonly table_name: string;
  readonly index_name: string;
  readonly scan_count: number;
  /** A day; null: never, or unknown because the server is older than PostgreSQL 16. */
  readonly last_read_on: string | null;
  readonly bytes: number;
  readonly kind: 'primary key' | 'unique' | 'to read by';
  /** Nobody has read it, and no constraint needs it. */
  readonly is_unused: boolean;
}

/** All that `arc-gam status` shows. */
export interface Status {
  readonly serverVersion: string;
  readonly migrations: readonly MigrationStatus[];
  readonly zone: string | null;
  readonly ledger: LedgerSummary | null;
  readonly source: SourceHealth | null;
  readonly changedDays: readonly { readonly day: string; readonly why: string }[];
  /** Days that were derived by other SQL than this version's. */
  readonly outdatedDays: number | null;
  /** Tables that the next run derives again, because the SQL of their steps changed. */
  readonly outdatedTables: readonly string[];
  /** Quests that were defined or changed since the last run. */
  readonly staleQuests: readonly string[];
  /** Which days are frozen; null: none. */
  readonly frozen: Frozen | null;
  readonly capture: string | null;
  /** Changes that capture has noted and no run has looked at. */
  readonly queuedChanges: number | null;
  readonly lockHolder: string | null;
  /** Which tables are spread over a cluster; null: this database has no Citus. */
  readonly figures: FigureSpread | null;
  /** Who follows, and how far behind they are; null while capture is off, because follow needs it. */
  readonly live: Live | null;
  readonly runs: readonly RunRow[];
  readonly tables: readonly TableRow[];
  /** Problems, the most urgent first; empty when all is well. */
  readonly attention: readonly Attention[];
}

/** How many days back from the as-of day status compares the number of taps with the ledger's. */
const recentDays = 7;

/**
 * Reads the state of a schema: the ledger, the catalogue, and the taps of the last days. It takes no lock, needs only
 * the right to read, and scans no whole table. Throws a failure if the database can't be reached.
 */
export const readStatus = async (database: Database, settings: Settings): Promise<Status> => {
  const client = await database.connect();
  try {
    const migrations = await migrationStatus(client, settings.schema);
    const lockHolder = (await runLockHolder(askClient(client), settings.schema)) ?? null;
    const follower = (await runLockHolder(askClient(client), followLock(settings.schema))) ?? null;
    const serverVersion = describeVersion(database.serverVersion);
    const base = { serverVersion, migrations, lockHolder };
    if (migrations.some(({ state }) => state === 'pending')) {
      const applied = migrations.filter(({ state }) => state !== 'pending').length;
      const what =
        applied === 0
          ? `The schema '${settings.schema}' has not been set up.`
          : `The schema '${settings.schema}' lacks ${migrations.length - applied} of ${migrations.length} migrations.`;
      const attention = [{ what, command: 'arc-gam migrate' }];
      return {
        ...base,
        zone: null,
        ledger: null,
        source: null,
        changedDays: [],
        outdatedDays: null,
        outdatedTables: [],
        staleQuests: [],
        frozen: null,
        capture: null,
        figures: null,
        live: null,
        queuedChanges: null,
        runs: [],
        tables: [],
        attention,
      };
    }
    const renamed = await renamedRelations(client, settings.schema);
    return await withTransaction(
      database,
      settings,
      async (session) => {
        const mapped = await mappingNotices(session.query, settings.source);
        const attention = mapped.map((what) => ({ what, command: 'arc-gam migrate' }));
        return readLedger(session, { ...base, follower }, settings.schema, [...renamed, ...attention]);
      },
      { readOnly: true },
    );
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** A view follows a table that is renamed, so it may no longer read the table that the setting names. */
const renamedRelations = async (client: pg.ClientBase, schema: string): Promise<Attention[]> => {
  const read = await sourceRelations(client, schema);
  const { rows } = await client.query<{ value: string }>(
    `select value from "${schema}".setting where key = 'source'`,
  );
  const made = [...(rows[0]?.value ?? '').matchAll(/^from "((?:[^"]|"")+)"\."((?:[^"]|"")+)"/gm)].map(
    ([, space = '', table = '']) => `${space}.${table}`.replaceAll('""', '"'),
  );
  return made.flatMap((name) => {
    if (read.some((relation) => relation.name === name)) return [];
    const others = [...new Set(read.map((relation) => relation.name))].filter(
      (other) => !made.includes(other),
    );
    const what = `The runs read ${others.join(' and ')}, which was ${name} when the views were made: a table was renamed. With ARC_GAM_TAPS_TABLE and ARC_GAM_USERS_TABLE naming the right ones, migrate makes the views anew.`;
    return [{ what, command: 'arc-gam migrate' }];
  });
};

const readLedger = async (
  session: Session,
  {
    follower,
    ...base
  }: Pick<Status, 'serverVersion' | 'migrations' | 'lockHolder'> & { follower: string | null },
  schema: string,
  renamed: readonly Attention[],
): Promise<Status> => {
  const [recorded] = await session.query<{ zone: string }>(
    "select value as zone from setting where key = 'zone'",
  );
  const zone = recorded?.zone ?? 'UTC';
  const [summary] = await session.query<LedgerSummary>(readPackageFile('sql/status/ledger.sql'), [zone]);
  const [updated] = (await isBeingFilled(session, 'user_week_activity'))
    ? []
    : await session.query<{ last_updated_at: Date | null }>(readPackageFile('sql/status/last_updated.sql'));
  const ledger =
    summary === undefined ? null : { ...summary, last_updated_at: updated?.last_updated_at ?? null };
  const [source] = await session.query<SourceHealth>(readPackageFile('sql/status/source.sql'));
  const ledgerRuns = await session.query<RunRow>(readPackageFile('sql/status/run.sql'));
  const runs = ledgerRuns.map((run) => asItIs(run, run.command === 'follow' ? follower : base.lockHolder));
  const figures = await readFigureSpread(session, schema);
  const tables = await readTables(session, schema, figures);
  const steps = loadSteps();
  const [outdated] = await session.query<{ outdated: number }>(readPackageFile('sql/plan/outdated.sql'), [
    factsDigest(steps),
  ]);
  const asOf = ledger?.as_of_day ?? null;
  const changedDays =
    asOf === null
      ? []
      : await session.query<{ day: string; why: string }>(readPackageFile('sql/status/recent_day.sql'), [
          zone,
          addDays(asOf, 1 - recentDays),
          asOf,
        ]);
  const capture = await captureState(session);
  const [live] =
    capture === 'off'
      ? []
      : await session.query<Omit<Live, 'follower'> & Record<string, unknown>>(
          readPackageFile('sql/status/follow.sql'),
          [zone],
        );
  const [queue] = await session.query<{ queued_count: number }>(readPackageFile('sql/status/queue.sql'));
  const status = {
    ...base,
    live: live === undefined ? null : { follower, ...live },
    zone: recorded?.zone ?? null,
    ledger,
    source: source ?? null,
    changedDays,
    outdatedDays: outdated?.outdated ?? 0,
    // While nothing is derived nothing is out of date.
    outdatedTables: asOf === null ? [] : (await outdatedSteps(session, steps)).map(({ step }) => step.table),
    staleQuests: (await isBeingFilled(session, 'quest_derived'))
      ? []
      : (await session.query<{ slug: string }>(readPackageFile('sql/plan/stale_quest.sql'))).map(
          ({ slug }) => slug,
        ),
    frozen: await readFrozen(session),
    capture,
    queuedChanges: queue?.queued_count ?? 0,
    figures,
    runs,
    tables,
  };
  return { ...status, attention: [...renamed, ...whatIsNotWell(status, schema)] };
};

const isBeingFilled = async (session: Session, table: string): Promise<boolean> => {
  const [found] = await session.query<{ is_locked: boolean }>(readPackageFile('sql/status/filling.sql'), [
    table,
  ]);
  return found?.is_locked === true;
};

/** A run that the ledger takes for one that goes on is dead where nobody holds the lock that it would. */
const asItIs = (run: RunRow, holder: string | null): RunRow =>
  run.state === 'running' && holder === null ? { ...run, state: 'dead' } : run;

const readTables = async (
  session: Session,
  schema: string,
  figures: FigureSpread | null,
): Promise<TableRow[]> => {
  const tables = await session.query<TableRow>(readPackageFile('sql/status/table.sql'));
  if (figures === null || figures.distributed + figures.reference === 0) return tables;
  const spread = new Map(
    (await session.query<TableRow>(readPackageFile('sql/citus/size.sql'), [schema])).map((table) => [
      table.table_name,
      table,
    ]),
  );
  return tables
    .map((table) => spread.get(table.table_name) ?? table)
    .sort((one, other) => other.bytes - one.bytes);
};

/** Milliseconds: a follower that is further behind needs attention. */
const lateMs = 60_000;

/** The count at which sql/status/source.sql stops. */
const mostFutureTaps = 1000;

const whatIsNotWell = (status: Omit<Status, 'attention'>, schema: string): Attention[] => {
  const { ledger, runs, migrations, changedDays, capture } = status;
  const outdatedDays = status.outdatedDays ?? 0;
  const found: Attention[] = [];
  const add = (condition: boolean, what: string, command: string) => {
    if (condition) found.push({ what, command });
  };
  const edited = migrations.filter(({ state }) => state === 'edited' || state === 'missing');
  add(
    edited.length > 0,
    `Migrations are not what was applied: ${edited.map(({ name, state }) => `${name} (${state})`).join(', ')}.`,
    'arc-gam migrate status',
  );
  if (ledger === null || ledger.as_of_day === null) {
    add(true, 'No day has been processed yet.', 'arc-gam backfill');
    return found;
  }
  const [last] = runs;
  // A run that was found dead has got its message.
  const dead = runs.find(({ state, message }) => state === 'dead' && message === null);
  add(
    dead !== undefined,
    `Run ${dead?.run_id} (${dead?.command}) is dead: it says that it is running, and nobody holds the lock. What it committed stays.`,
    'arc-gam etl',
  );
  add(
    last?.state === 'failed' || last?.state === 'stopped',
    `The last run (${last?.command}) ended as ${last?.state}: ${last?.message ?? 'without a word'}`,
    'arc-gam etl',
  );
  const behind = ledger.days_behind ?? 0;
  add(
    behind > 0,
    `The figures are ${plural(behind, 'day')} behind yesterday (${addDays(ledger.today, -1)}).`,
    'arc-gam etl',
  );
  add(
    (ledger.gap_count ?? 0) > 0,
    `${plural(ledger.gap_count ?? 0, 'day')} before the as-of day ${ledger.gap_count === 1 ? 'was' : 'were'} never processed.`,
    'arc-gam etl',
  );
  const oldest = status.live?.oldest_change_ms ?? 0;
  const isFollowed = status.live?.follower != null && oldest <= lateMs;
  add(
    // A follower is about to process them.
    changedDays.length > 0 && !isFollowed,
    `${changedDays.length} of the last ${recentDays} days changed in the source: ${changedDays.map(({ day, why }) => `${day} (${why})`).join(', ')}.`,
    'arc-gam etl',
  );
  add(
    outdatedDays > 0,
    `${plural(outdatedDays, 'day was', 'days were')} derived by another version of the SQL.`,
    'arc-gam etl',
  );
  const { outdatedTables, staleQuests } = status;
  add(
    outdatedDays === 0 && outdatedTables.length > 0,
    `${plural(outdatedTables.length, 'table is', 'tables are')} derived by another version of the SQL: ${firstFew(outdatedTables)}.`,
    'arc-gam etl',
  );
  add(
    staleQuests.length > 0,
    `${plural(staleQuests.length, 'quest was', 'quests were')} defined or changed since the last run: ${firstFew(staleQuests)}.`,
    'arc-gam etl',
  );
  add(
    ledger.mark_count > 0,
    `${plural(ledger.mark_count, 'day or user is', 'days or users are')} marked to be derived again (${ledger.mark_reason}).`,
    'arc-gam etl',
  );
  add(
    status.source?.is_time_indexed === false,
    'No index begins with the time of taps: every run reads all of them. The command prints the statement that creates one.',
    'arc-gam migrate --dry-run',
  );
  const future = status.source?.future_count ?? 0;
  const futureTaps =
    future >= mostFutureTaps
      ? `${formatCount(future)} taps or more are`
      : plural(future, 'tap is', 'taps are');
  add(
    future > 0,
    `${futureTaps} of a day that has not begun: a wrong clock, or a wrong zone.`,
    `psql -c "select u1, u2, tapped_at from ${schema}.classified_tap where tap_time > now() + interval '1 day' limit 20"`,
  );
  add(
    status.live?.follower != null && oldest > lateMs,
    `The follow is ${formatDuration(oldest)} behind the oldest change.`,
    'arc-gam status --json',
  );
  const left = status.figures?.left ?? [];
  add(
    left.length > 0,
    `${plural(left.length, 'table')} of the figures ${left.length === 1 ? 'is' : 'are'} not where the others are: ${left.join(', ')}.`,
    'arc-gam distribute',
  );
  add(capture === 'broken', 'Capture is broken: a trigger is missing or switched off.', 'arc-gam capture on');
  return found;
};

/** The indexes of our tables, the unused ones first, and since when the server has counted. Only reads. */
export const readIndexes = (
  database: Database,
  settings: Settings,
): Promise<{ since: string | null; indexes: IndexRow[] }> =>
  withTransaction(
    database,
    settings,
    async (session) => {
      const [statistics] = await session.query<{ since: string | null }>(
        readPackageFile('sql/status/statistics.sql'),
      );
      const indexes = await session.query<IndexRow>(readPackageFile('sql/status/index.sql'));
      return { since: statistics?.since ?? null, indexes };
    },
    { readOnly: true },
  );

const describeVersion = (version: number): string => `${Math.floor(version / 10_000)}.${version % 10_000}`;
