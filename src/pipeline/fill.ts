import type { Session } from '../db/transaction.js';
import { readPackageFile } from '../files.js';

interface IndexStatements extends Record<string, unknown> {
  readonly drop_statement: string;
  readonly create_statement: string;
}

/** What Postgres says when somebody reads the table just now, or when something depends on an index. */
const isInUse = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === '2BP01');

/** Whether a table has no row. */
export const isEmpty = async (session: Session, table: string): Promise<boolean> => {
  const [found] = await session.query<{ is_filled: boolean }>(
    `select exists (select 1 from ${table}) as is_filled`,
  );
  return found?.is_filled !== true;
};

/**
 * Runs `work`, which fills an empty table, with the table stripped of its indexes; makes them again afterwards. Keeping
 * a key up to date row by row costs three times as much as making it of all rows at once. Nobody can read such a table
 * until the transaction ends, and nobody would see a row before. Left alone: a table of another owner's (who may not
 * alter it), and one that is being read just now.
 */
export const withoutIndexes = async (
  session: Session,
  table: string,
  work: () => Promise<void>,
): Promise<void> => {
  const indexes = await session.query<IndexStatements>(readPackageFile('sql/batch/index.sql'), [table]);
  const isStripped = indexes.length > 0 && (await strip(session, table, indexes));
  await work();
  if (isStripped)
    await session.script(
      `set local maintenance_work_mem = '128MB'; ${indexes.map((index) => `${index.create_statement};`).join(' ')}`,
    );
};

const strip = async (
  session: Session,
  table: string,
  indexes: readonly IndexStatements[],
): Promise<boolean> => {
  await session.script('savepoint fill;');
  try {
    await session.script(
      `lock table ${table} in access exclusive mode nowait; ${indexes.map((index) => `${index.drop_statement};`).join(' ')}`,
    );
    await session.script('release fill;');
    return true;
  } catch (error) {
    if (!isInUse(error)) throw error;
    await session.script('rollback to fill; release fill;');
    return false;
  }
};
