import {
  type Cluster,
  citusVersion,
  figurePlacements,
  inspectCluster,
  isSpread,
  placedFile,
  requireAnswering,
  requireUsable,
  sourceViews,
  unspread,
} from '../citus/cluster.js';
import { copyLock, waitForCopies } from '../citus/quiet.js';
import { statementsIn } from '../citus/statements.js';
import { forgetVerified, readVerified, type Verified } from '../citus/verified.js';
import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { withRunLock } from '../db/run-lock.js';
import { type Session, withTransaction } from '../db/transaction.js';
import { usageFailure, workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { requireMigratedSchema, upSql } from '../migrate/migrations.js';
import { lockLedger } from '../pipeline/batch.js';
import { readFrozen } from '../pipeline/frozen.js';
import { filledFile } from '../sql-text.js';
import { closeShards, hasShards, openShards, removeShard, spreadTable } from './shards.js';

/** A table of ours, where it is and where it would be. */
export interface PlannedTable extends Record<string, unknown> {
  readonly table: string;
  /** Otherwise: distributed as an earlier version did it. */
  readonly now: 'local' | 'distributed' | 'reference' | 'otherwise';
  readonly placement: 'local' | 'distributed' | 'reference';
  readonly 'user column': string | null;
  /** As the server estimates. */
  readonly rows: number;
  /** Of all copies that there are now. */
  readonly bytes: number;
  /** How often a row would be stored. */
  readonly copies: number;
  readonly why: string;
}

/** How tables are moved. */
export interface MoveOptions {
  /** The command with its arguments, for whoever waits for the lock. */
  readonly command: string;
  /** Back to the coordinator. */
  readonly undo: boolean;
  readonly waitSeconds: number;
  readonly signal: AbortSignal;
  readonly onWait: (holder: string) => void;
  /** Told of each table before it is moved: how many were before it, of how many. */
  readonly onTable: (table: PlannedTable, index: number, count: number) => void;
}

/** Throws a usage failure where there is no cluster to spread anything over. */
const requireCluster = (cluster: Cluster | null): Cluster => {
  if (cluster === null)
    throw usageFailure(
      'distribute is about a database that is spread over several servers by the extension Citus, and this one is on one server. Nothing is to be done; when a cluster is worth it: https://github.com/arc-gam/arc-gam/blob/main/docs/scale.md',
    );
  return cluster;
};

const requireSpread = (cluster: Cluster): void => {
  if (!isSpread(cluster))
    throw usageFailure(
      "Citus is installed, but the application's taps are on this server alone: spread them first. Run: select create_reference_table('public.users'); select create_distributed_table('public.taps', 'id');",
    );
};

/** What holds for both ways: a cluster, this server its coordinator, all nodes there. */
const requireMovable = async (session: Session, undo: boolean): Promise<Cluster> => {
  const cluster = requireCluster(await inspectCluster(session.query, sourceViews));
  if (!undo) requireSpread(cluster);
  requireUsable(cluster);
  if (undo) await requireAnswering(session.query);
  return cluster;
};

/** Each table with its placement. Throws a failure in words where it can't be moved. */
export const planMoves = async (session: Session, schema: string, undo: boolean): Promise<PlannedTable[]> => {
  const cluster = await requireMovable(session, undo);
  return readPlan(session, schema, cluster.nodes.length);
};

const readPlan = (session: Session, schema: string, nodes: number): Promise<PlannedTable[]> =>
  session.query<PlannedTable>(placedFile('sql/citus/plan.sql'), [schema, nodes]);

/** The tables of a plan that are not where they would be, or, to undo it, not on the coordinator. */
export const toMove = (plan: readonly PlannedTable[], undo: boolean): PlannedTable[] =>
  undo
    ? plan.filter(({ now }) => now !== 'local').reverse()
    : plan.filter(({ now, placement }) => placement !== 'local' && now !== placement);

/**
 * Moves our tables to where the plan says, or back. Each is moved in a transaction of its own, so that whoever stops it
 * and runs it again goes on with the next. Holds the run lock, and against whoever passes it by the lock of the ledger.
 * Returns the tables that were moved. Throws a failure in words, for example with exit code 5 if a node goes away.
 */
export const moveTables = async (
  database: Database,
  settings: Settings,
  { command, undo, waitSeconds, signal, onWait, onTable }: MoveOptions,
): Promise<PlannedTable[]> => {
  await requireMigratedSchema(database, settings.schema);
  const lock = { schema: settings.schema, what: command, waitSeconds, signal, onWait };
  return withRunLock(database, lock, async () => {
    const plan = await withTransaction(
      database,
      settings,
      async (session) => {
        const cluster = await requireMovable(session, undo);
        if (!undo) await refuseFrozen(session);
        await requirePreparedTransactions(session);
        return readPlan(session, settings.schema, cluster.nodes.length);
      },
      { readOnly: true, signal },
    );
    const moving = toMove(plan, undo);
    if (!undo)
      await withTransaction(database, settings, (session) => openShards(session, settings.schema), {
        signal,
      });
    for (const [index, table] of moving.entries()) {
      onTable(table, index, moving.length);
      await withTransaction(
        database,
        settings,
        async (session) => {
          await waitForCopies(session, settings.schema);
          await forgetVerified(session);
          if (undo) await fetchBack(session, settings.schema, table);
          else await spread(session, settings.schema, table);
        },
        { signal, before: lockLedger },
      );
    }
    if (undo)
      await withTransaction(database, settings, async (session) => {
        if (await hasShards(session, settings.schema)) await closeShards(session, settings.schema);
      });
    return moving;
  });
};

const refuseFrozen = async (session: Session): Promise<void> => {
  const frozen = await readFrozen(session);
  if (frozen === null) return;
  throw usageFailure(
    `The days before ${frozen.frozen_before} are frozen, and what is frozen is read at one moment, which a cluster does not offer. Bring their taps back into the source and run: arc-gam thaw`,
  );
};

/** A table that is written on several nodes is committed in two phases. */
const requirePreparedTransactions = async (session: Session): Promise<void> => {
  const nodes = await session.query<{ name: string; is_set: boolean }>(
    readPackageFile('sql/citus/prepared.sql'),
  );
  const lacking = nodes.find(({ is_set }) => !is_set);
  if (lacking !== undefined)
    throw workFailure(
      `The node ${lacking.name} has max_prepared_transactions = 0, and what is written on several nodes is committed in two phases. Set it to at least max_connections on every node, restart, then run the same command again.`,
    );
};

const spread = async (session: Session, schema: string, table: PlannedTable): Promise<void> => {
  const name = `"${schema}".${table.table}`;
  if (table.now !== 'local') await fetchBack(session, schema, table);
  if (table.table === progressTable)
    await session.script(filledFile('sql/citus/forget_quest.sql', { key: copyLock(schema) }));
  if (table.placement === 'reference') {
    await session.query('select create_reference_table($1::text::regclass)', [name]);
    // The rows are copied; those that were here would stay, unseen, and take their place.
    await session.query('select truncate_local_data_after_distributing_table($1::text::regclass)', [name]);
  } else {
    const kept = await session.query<{ statement: string }>(readPackageFile('sql/citus/words.sql'), [name]);
    await spreadTable(session, schema, table.table, table['user column'] ?? '');
    for (const { statement } of kept) await session.script(statement);
  }
};

/** The table from which a trigger takes the rows of quests that are deleted. */
const progressTable = 'user_quest_progress';

/** The trigger's function as the migration made it. */
const originalForgetQuest = (): string => {
  const statement = statementsIn(upSql('0007_quest_deletion')).find((one) =>
    one.startsWith('create function forget_quest()'),
  );
  if (statement === undefined) throw new Error('migrations/0007_quest_deletion.sql makes no forget_quest()');
  return statement.replace('create function', 'create or replace function');
};

const fetchBack = async (session: Session, schema: string, table: PlannedTable): Promise<void> => {
  const name = `"${schema}".${table.table}`;
  const kept = await session.query<{ statement: string }>(readPackageFile('sql/citus/words.sql'), [name]);
  if (table.table === progressTable) await session.script(originalForgetQuest());
  await session.query('select undistribute_table($1::text::regclass)', [name]);
  if (table.now === 'distributed') await removeShard(session, schema, table.table);
  for (const { statement } of kept) await session.script(statement);
};

/** How many tables of ours are spread; null where there is no Citus. For status. */
export interface FigureSpread {
  readonly version: string;
  readonly distributed: number;
  readonly reference: number;
  /**
   * Tables that `arc-gam distribute` would move, because a migration has made them since or it was stopped; none while
   * nothing is spread.
   */
  readonly left: readonly string[];
  /** Null where no verification has ended since tables were moved. */
  readonly verified: Verified | null;
}

/** Reads where our tables are; null where there is no Citus. */
export const readFigureSpread = async (session: Session, schema: string): Promise<FigureSpread | null> => {
  const version = await citusVersion(session.query);
  if (version === null) return null;
  const figures = await figurePlacements(session.query, schema);
  const count = (of: string) => figures.filter(({ placement }) => placement === of).length;
  return {
    version,
    distributed: count('distributed'),
    reference: count('reference'),
    left: await unspread(session.query, schema),
    verified: await readVerified(session),
  };
};
