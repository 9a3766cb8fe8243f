import type pg from 'pg';
import { type Database, withPooled } from '../db/database.js';
import { workFailure } from '../errors.js';
import { packagePath, packageVersion, readPackageFile, sha256, sqlFilesIn } from '../files.js';

/** The table in which node-pg-migrate notes what it applied. */
export const migrationsTable = 'schema_migration';
export const migrationsFolder = packagePath('migrations');

export interface MigrationStatus {
  readonly name: string;
  readonly state: 'applied' | 'pending' | 'edited' | 'missing';
  readonly applied_at: string | null;
}

const migrationNames = (): string[] => sqlFilesIn('migrations').map((file) => file.slice(0, -4));

/** Digest of a migration file as it is now. */
export const migrationDigest = (name: string): string => sha256(readPackageFile(`migrations/${name}.sql`));

/** The part of a migration file that `up` runs. */
export const upSql = (name: string): string => {
  const text = readPackageFile(`migrations/${name}.sql`);
  return (
    text
      .split(/^-- Down Migration$/m)[0]
      ?.replace(/^-- Up Migration\n/m, '')
      .trim() ?? ''
  );
};

/** Those of the tables that a schema has. */
const existing = async (
  client: pg.ClientBase,
  schema: string,
  tables: readonly string[],
): Promise<Set<string>> => {
  const { rows } = await client.query<{ relname: string }>(
    `select relname from pg_class
     where relname = any ($1) and relnamespace = (select oid from pg_namespace where nspname = $2)`,
    [tables, schema],
  );
  return new Set(rows.map(({ relname }) => relname));
};

/** Every migration, of the package or only of the database, and what became of it. Only reads. */
export const migrationStatus = async (client: pg.ClientBase, schema: string): Promise<MigrationStatus[]> => {
  const applied = new Map<string, string>();
  const digests = new Map<string, string>();
  const tables = await existing(client, schema, [migrationsTable, 'schema_file']);
  if (tables.has(migrationsTable)) {
    const { rows } = await client.query<{ name: string; run_on: string }>(
      `select name, to_char(run_on, 'YYYY-MM-DD HH24:MI:SS') as run_on from "${schema}".${migrationsTable} order by id`,
    );
    for (const row of rows) applied.set(row.name, row.run_on);
  }
  if (tables.has('schema_file')) {
    const { rows } = await client.query<{ name: string; sha256: string }>(
      `select name, sha256 from "${schema}".schema_file`,
    );
    for (const row of rows) digests.set(row.name, row.sha256);
  }
  const names = migrationNames();
  const packaged = names.map((name): MigrationStatus => {
    const appliedAt = applied.get(name);
    if (appliedAt === undefined) return { name, state: 'pending', applied_at: null };
    const digest = digests.get(name);
    const edited = digest !== undefined && digest !== migrationDigest(name);
    return { name, state: edited ? 'edited' : 'applied', applied_at: appliedAt };
  });
  const unknown = [...applied].filter(([name]) => !names.includes(name));
  return [
    ...packaged,
    ...unknown.map(([name, at]): MigrationStatus => ({ name, state: 'missing', applied_at: at })),
  ];
};

/** Throws unless the schema is of this version. Every command but migrate requires that. */
const requireMigrated = (status: readonly MigrationStatus[], schema: string): void => {
  requireNoneNewer(status, schema);
  const pending = status.filter(({ state }) => state === 'pending').map(({ name }) => name);
  if (pending.length === 0) return;
  const what =
    pending.length === status.length
      ? `The schema '${schema}' has not been set up`
      : `The schema '${schema}' lacks ${pending.join(', ')}`;
  throw workFailure(`${what}. Run: arc-gam migrate`);
};

/** Throws if a newer version has migrated the schema: this one does not know what it would have to keep right. */
export const requireNoneNewer = (status: readonly MigrationStatus[], schema: string): void => {
  const newer = status.filter(({ state }) => state === 'missing').map(({ name }) => name);
  if (newer.length === 0) return;
  throw workFailure(
    `The schema '${schema}' has ${newer.join(', ')}, which this version (${packageVersion()}) does not know: a newer arc-gam has migrated it. Use that one, or look with: arc-gam migrate status`,
  );
};

/**
 * Requires that of a database that has just been opened, on a connection of its pool, which the command will use next
 * anyway. With `unedited`, a migration file that was edited since is an error too.
 */
export const requireMigratedSchema = (
  database: Pick<Database, 'pool' | 'target'>,
  schema: string,
  { unedited = false } = {},
): Promise<void> =>
  withPooled(database, async (client) => {
    const status = await migrationStatus(client, schema);
    requireMigrated(status, schema);
    if (unedited) requireUnedited(status);
  });

/** Throws if an applied migration is no longer what was applied. */
export const requireUnedited = (status: readonly MigrationStatus[]): void => {
  const edited = status.filter(({ state }) => state === 'edited').map(({ name }) => name);
  if (edited.length === 0) return;
  throw workFailure(
    `${edited.join(', ')}: the file was edited after it had been applied, so the database is not what it says. Restore the file and put the change into a new migration.`,
  );
};

/** The application's relations that our views read, by their present names; none before the first migrate. */
export const sourceRelations = async (
  client: pg.ClientBase,
  schema: string,
): Promise<{ view: string; oid: number; name: string }[]> => {
  const { rows } = await client.query<{ view: string; oid: number; name: string }>(
    readPackageFile('sql/source/read_relation.sql'),
    [schema],
  );
  return rows;
};
