import type { Settings } from '../config.js';
import { askClient, type Database, withPooled } from '../db/database.js';
import { lockClass } from '../db/run-lock.js';
import { pinned, type Session, type TransactionOptions, withTransaction } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import { sectionFiller, sectionsOf } from '../sql-text.js';
import { type FigurePlacement, figurePlacements, hasCitus, requireFigures } from './cluster.js';
import { Shadows, type Slice } from './shadows.js';
import { columnsOf, copyOf, isOfPairs } from './shards.js';

/**
 * One transaction in which all of our tables are read at one moment. On a cluster over which they are distributed there
 * is no such moment for several statements: they are copied to the coordinator first, and no batch is let in meanwhile.
 * With `user`, only what an explanation of that user's figures needs.
 */
export const withFigures = async <Result>(
  database: Database,
  settings: Settings,
  use: (session: Session) => Promise<Result>,
  { user, ...options }: TransactionOptions & { readonly user?: string } = {},
): Promise<Result> => {
  const figures = await spreadFigures(database, settings);
  if (figures.length === 0) return withTransaction(database, settings, use, options);
  return withoutBatches(database, settings, (release) =>
    withTransaction(
      database,
      settings,
      async (session) => {
        const shadows = new Shadows(session, settings.schema, figures);
        await shadows.prefer();
        if (user === undefined) {
          await shadows.makeAll();
          await findMisplaced(session, settings.schema, figures);
        } else await shadows.makeAll(slicesOfUser(), [user]);
        await release();
        // What is made from here on is temporary: the nodes need not have it.
        await session.script('set local citus.enable_ddl_propagation = off;');
        return use(session);
      },
      options,
    ),
  );
};

/** Lists the rows that no step would see, in a temporary table. */
const findMisplaced = async (
  session: Session,
  schema: string,
  figures: readonly FigurePlacement[],
): Promise<void> => {
  const fillIn = sectionFiller('sql/citus/shard/misplaced.sql');
  const run = (section: string, words?: Readonly<Record<string, string>>): Promise<unknown> =>
    session.script(fillIn(section, words));
  await run('table');
  for (const { name } of figures.filter(({ placement }) => placement === 'distributed')) {
    const columns = (await columnsOf(session, `pg_temp.${name}`)).map((column) => column.name);
    // As an earlier version of ours distributed it.
    if (!columns.includes('shard')) continue;
    const user = ['user_key', 'u1_key', 'user_id', 'u1'].find((column) => columns.includes(column)) ?? '';
    await run(user.endsWith('_key') ? 'by_key' : 'by_id', { table: name, user });
    if (!isOfPairs(name)) continue;
    const words = {
      schema: `"${schema}"`,
      table: name,
      copy: copyOf(name),
      day: columns.includes('day') ? 'unlike.day' : 'null::date',
      columns: columns
        .filter((column) => column !== 'shard')
        .map((column) => `${name}.${column}`)
        .join(', '),
    };
    await run('copies', words);
    await run('twice', words);
  }
};

const slicesOfUser = (): Slice[] =>
  sectionsOf(readPackageFile('sql/citus/one_user.sql'))
    .slice(1)
    .map(({ name, text }) => ({ table: name, text }));

/** Where our tables are, if some are distributed over a cluster; none otherwise. */
export const spreadFigures = async (database: Database, settings: Settings): Promise<FigurePlacement[]> => {
  if (!(await isCluster(database))) return [];
  const figures = await withTransaction(
    database,
    settings,
    (session) => readFigures(session, settings.schema),
    { readOnly: true },
  );
  return figures.some(({ placement }) => placement === 'distributed') ? figures : [];
};

/** On plain Postgres a single question, which is not worth a transaction. */
const isCluster = (database: Database): Promise<boolean> =>
  withPooled(database, (client) => hasCitus(askClient(client)));

const readFigures = async (session: Session, schema: string): Promise<FigurePlacement[]> => {
  const figures = await figurePlacements(session.query, schema);
  await requireFigures(session.query, figures);
  return figures;
};

/** The advisory lock of those who copy distributed figures and those who write them, as arguments of its functions. */
export const copyLock = (schema: string): string => `${lockClass + 1}, hashtext('${schema}')`;

const copying = (section: 'copy' | 'write', schema: string): string =>
  sectionFiller('sql/citus/copying.sql')(section, { key: copyLock(schema) });

/** Waits until nobody copies the figures of a cluster, as long as a statement may take; holds others off until then. */
export const waitForCopies = async (session: Session, schema: string): Promise<void> => {
  await session.script(copying('write', schema));
};

/**
 * Runs `use` while no batch can write, until it calls `release` or ends: on a connection of its own, whose lock begins
 * before the snapshot of the transaction that reads. Waits for a batch that is under way, as long as a statement may
 * take.
 */
const withoutBatches = async <Result>(
  database: Database,
  settings: Settings,
  use: (release: () => Promise<void>) => Promise<Result>,
): Promise<Result> => {
  const client = await database.connect();
  // Should it be lost, the end of the transaction says so.
  client.on('error', () => undefined);
  try {
    await client.query('begin');
    await client.query(pinned(database, settings));
    await client.query(copying('copy', settings.schema));
    return await use(async () => {
      await client.query('commit');
    });
  } finally {
    await client.end().catch(() => undefined);
  }
};
