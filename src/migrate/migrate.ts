import { runner } from 'node-pg-migrate';
import type pg from 'pg';
import {
  describeCluster,
  type FigurePlacement,
  figurePlacements,
  inspectCluster,
  requireFigures,
  requireUsable,
} from '../citus/cluster.js';
import { statementsIn } from '../citus/statements.js';
import type { Settings } from '../config.js';
import { askClient, type Database } from '../db/database.js';
import { type WaitOptions, withLockedTransaction } from '../db/run-lock.js';
import { workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { renewCapture } from './capture-functions.js';
import { fillGazetteer } from './gazetteer.js';
import {
  type MigrationStatus,
  migrationDigest,
  migrationStatus,
  migrationsFolder,
  migrationsTable,
  requireNoneNewer,
  requireUnedited,
  sourceRelations,
  upSql,
} from './migrations.js';
import { actAsOwner } from './owner.js';
import { inspectSource, type Source } from './source.js';

export interface MigrateResult {
  readonly names: readonly string[];
  /** What the operator should know of the application's tables. */
  readonly notices: readonly string[];
  /** Whether the views over the application's tables were made anew. */
  readonly viewsChanged: boolean;
}

const isApplied = ({ state }: MigrationStatus): boolean => state === 'applied';

/** node-pg-migrate makes this table and says nothing about it. */
const migrationsTableComments = [
  `comment on table ${migrationsTable} is 'A row per applied migration, written by node-pg-migrate.'`,
  `comment on column ${migrationsTable}.id is 'The order in which they were applied.'`,
  `comment on column ${migrationsTable}.name is 'The file name without its extension.'`,
  `comment on column ${migrationsTable}.run_on is 'When it was applied, in the time zone UTC.'`,
  `comment on sequence ${migrationsTable}_id_seq is 'Numbers the rows of ${migrationsTable}.'`,
];

const viewNames = ['classified_tap', 'app_user', 'tap'];

/**
 * Applies all pending migrations in one transaction, then makes the views over the application's tables if the mapping
 * is new. The mapping is checked first, so that a wrong one changes nothing. Throws failures in words.
 */
export const migrateUp = async (
  database: Database,
  settings: Settings,
  options: WaitOptions,
): Promise<MigrateResult> =>
  withMigrationLock(database, settings, options, async (client) => {
    const source = await inspectUsable(client, settings);
    const status = await migrationStatus(client, settings.schema);
    requireNoneNewer(status, settings.schema);
    requireUnedited(status);
    await createSchema(client, settings.schema);
    const names = await applyMigrations(client, settings.schema, 'up', Number.POSITIVE_INFINITY);
    // Including files that a migrate applied which was killed before it noted them.
    for (const { name } of (await migrationStatus(client, settings.schema)).filter(isApplied)) {
      await client.query(
        'insert into schema_file (name, sha256) values ($1, $2) on conflict (name) do nothing',
        [name, migrationDigest(name)],
      );
    }
    if (names.length > 0) for (const comment of migrationsTableComments) await client.query(comment);
    const viewsChanged = await makeViews(client, source);
    await recordSetting(client, 'mapping', JSON.stringify(source.mapping));
    await fillGazetteer(client);
    await client.query(readPackageFile('sql/roles/read_only.sql'));
    return { names, notices: source.notices, viewsChanged };
  });

/**
 * The application's tables, and where they are if the database is one of a cluster. Throws where that can't be worked
 * with.
 */
const inspectUsable = async (client: pg.ClientBase, settings: Settings): Promise<Source> => {
  await requireUtf8(client);
  const source = await inspectSource(client, settings);
  const cluster = await inspectCluster(askClient(client), { taps: source.taps.sql, users: source.users.sql });
  requireUsable(cluster);
  const figures = cluster === null ? [] : await figuresIn(client, settings.schema);
  await requireFigures(askClient(client), figures);
  const notice = describeCluster(cluster, settings.schema, figures);
  return notice === null ? source : { ...source, notices: [notice, ...source.notices] };
};

/** The gazetteer's names don't fit into another encoding, and the steps' patterns mean characters, not bytes. */
const requireUtf8 = async (client: pg.ClientBase): Promise<void> => {
  const { rows } = await client.query<{ encoding: string }>(
    "select current_setting('server_encoding') as encoding",
  );
  const encoding = rows[0]?.encoding;
  if (encoding === 'UTF8') return;
  throw workFailure(
    `The encoding of this database is ${encoding}, and has to be UTF8: names of places don't fit into another. Restore a dump of it into a new one, made with: createdb --encoding UTF8 --template template0 NAME. Nothing was changed.`,
  );
};

/** Where our own tables are; none before there is a schema. */
const figuresIn = async (client: pg.ClientBase, schema: string): Promise<FigurePlacement[]> => {
  const { rows } = await client.query<{ is_there: boolean }>(
    'select exists (select 1 from pg_namespace where nspname = $1) as is_there',
    [schema],
  );
  return rows[0]?.is_there === true ? figurePlacements(askClient(client), schema) : [];
};

/** Takes back the last `count` migrations with all their data; with all of them gone the schema goes too. */
export const migrateDown = async (
  database: Database,
  settings: Settings,
  count: number,
  options: WaitOptions,
): Promise<MigrateResult> =>
  withMigrationLock(database, settings, options, async (client) => {
    const { schema } = settings;
    const status = await migrationStatus(client, schema);
    requireNoneNewer(status, schema);
    const applied = status.filter(({ state }) => state !== 'pending');
    if (applied.length === 0) return { names: [], notices: [], viewsChanged: false };
    await requireNoCapture(client);
    const all = count >= applied.length;
    if (all) {
      for (const view of viewNames) await client.query(`drop view if exists "${schema}".${view}`);
    }
    const names = await applyMigrations(client, schema, 'down', count);
    if (all) {
      await client.query(`drop table if exists "${schema}".${migrationsTable}`);
      if (schema !== 'public') await client.query(`drop schema "${schema}"`);
    } else {
      await client.query(`delete from "${schema}".schema_file where name = any ($1)`, [names]);
      // A migration that is applied again later begins with empty tables: every table has to be derived again.
      await client.query(`update "${schema}".processed_day set steps_sha256 = ''`);
      const derivedStep = `"${schema}".derived_step`;
      const { rows } = await client.query('select 1 where to_regclass($1) is not null', [derivedStep]);
      if (rows.length > 0) await client.query(`delete from ${derivedStep}`);
    }
    return { names, notices: [], viewsChanged: all };
  });

const requireNoCapture = async (client: pg.ClientBase): Promise<void> => {
  const { rows } = await client.query<{ relations: string | null }>(
    readPackageFile('sql/capture/relation.sql'),
  );
  const relations = rows[0]?.relations ?? null;
  if (relations !== null) {
    throw workFailure(
      `Capture is on: its triggers on ${relations} need this schema. Run first: arc-gam capture off. Nothing was changed.`,
    );
  }
};

/** The SQL that `up` would run and the notices that it would give. Only reads. */
export const migrationSql = async (
  client: pg.ClientBase,
  settings: Settings,
): Promise<{ sql: string; notices: readonly string[] }> => {
  const source = await inspectUsable(client, settings);
  const status = await migrationStatus(client, settings.schema);
  requireNoneNewer(status, settings.schema);
  requireUnedited(status);
  const pending = status.filter(({ state }) => state === 'pending');
  const parts = pending.map(({ name }) => `-- ${name}\n${upSql(name)}`);
  if (await viewsDiffer(client, settings.schema, source)) {
    parts.push(
      `-- views over the application's tables\n${source.views.map((view) => `${view.trim()};`).join('\n')}`,
    );
  }
  if (parts.length === 0) return { sql: '', notices: source.notices };
  const sql = [
    `create schema if not exists "${settings.schema}";`,
    `set search_path = "${settings.schema}", pg_temp;`,
    ...parts,
  ].join('\n\n');
  return { sql, notices: source.notices };
};

const withMigrationLock = <Result>(
  database: Database,
  settings: Settings,
  options: WaitOptions,
  use: (client: pg.ClientBase) => Promise<Result>,
): Promise<Result> =>
  withLockedTransaction(database, settings, { what: 'migrate', ...options }, async (client) => {
    await actAsOwner(client, settings.schema, 'migrate');
    return use(client);
  });

/** Asked first, because `create schema if not exists` requires the privilege even where the schema exists. */
const createSchema = async (client: pg.ClientBase, schema: string): Promise<void> => {
  const { rows } = await client.query('select 1 from pg_namespace where nspname = $1', [schema]);
  if (rows.length > 0) return;
  await client.query(`create schema "${schema}"`);
  await client.query(
    `comment on schema "${schema}" is 'arc-gam: rollups of the application''s taps and users. Only arc-gam writes here.'`,
  );
};

const applyMigrations = async (
  client: pg.ClientBase,
  schema: string,
  direction: 'up' | 'down',
  count: number,
): Promise<string[]> => {
  const quiet = () => undefined;
  const figures = await figuresIn(client, schema);
  // A table's shards one after another: else Citus lets no function be made or dropped after a change of one.
  if (figures.length > 0) await client.query("set local citus.multi_shard_modify_mode = 'sequential'");
  const applied = await runner({
    dbClient: withoutTransactionCommands(client, figures.length > 0 ? statementsIn : (text) => [text]),
    dir: migrationsFolder,
    migrationsTable,
    migrationsSchema: schema,
    direction,
    count,
    singleTransaction: true,
    // Our own lock keeps two migrates apart, and a migrate from a run.
    noLock: true,
    logger: { info: quiet, warn: quiet, error: quiet, debug: quiet },
  });
  return applied.map(({ name }) => name);
};

/**
 * node-pg-migrate would begin and commit by itself; here it runs within our transaction. What it runs is first cut into
 * statements by `cut`.
 */
const withoutTransactionCommands = (client: pg.ClientBase, cut: (script: string) => string[]): pg.Client =>
  new Proxy(client as pg.Client, {
    get: (target, property) =>
      property === 'query'
        ? async (text: string, values?: unknown[]) => {
            if (/^(begin|commit|rollback);?$/i.test(text)) return { rows: [] };
            const [last = '', ...before] = cut(text).reverse();
            for (const statement of before.reverse()) await target.query(statement);
            return target.query(last, values);
          }
        : Reflect.get(target, property),
  });

const viewsDiffer = async (client: pg.ClientBase, schema: string, source: Source): Promise<boolean> => {
  const { rows: views } = await client.query(
    'select 1 from pg_views where schemaname = $1 and viewname = any ($2)',
    [schema, viewNames],
  );
  if (views.length < viewNames.length) return true;
  const { rows } = await client.query<{ value: string }>(
    `select value from "${schema}".setting where key = 'source'`,
  );
  if (rows[0]?.value !== recordedSource(source)) return true;
  // A view goes along with a table that is renamed: where another one has its name now, the text is the same, and it is
  // the old one that is read.
  const read = await sourceRelations(client, schema);
  return ![source.taps.oid, source.users.oid].every((oid) => read.some((relation) => relation.oid === oid));
};

/** With the functions of capture, so that a newer version's take the place of those that there are. */
const recordedSource = (source: Source): string =>
  [...source.views, readPackageFile('sql/capture/functions.sql')].join(';\n');

const recordSetting = async (
  client: pg.ClientBase,
  key: 'source' | 'mapping',
  value: string,
): Promise<void> => {
  await client.query(
    'insert into setting as target (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value',
    [key, value],
  );
};

const makeViews = async (client: pg.ClientBase, source: Source): Promise<boolean> => {
  const { rows } = await client.query<{ schema: string }>('select current_schema() as schema');
  const schema = rows[0]?.schema ?? '';
  if (!(await viewsDiffer(client, schema, source))) return false;
  for (const view of viewNames) await client.query(`drop view if exists ${view}`);
  for (const statement of source.views) await client.query(statement);
  await recordSetting(client, 'source', recordedSource(source));
  await renewCapture(client, schema, source);
  return true;
};
