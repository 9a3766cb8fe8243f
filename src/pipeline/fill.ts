import type { Session } from '../db/transaction.js';
import { readPackageFile } from '../files.js';

interface IndexStatements extends Record<string, unknown> {
  readonly drop_statement: string;
  readonly create_statement: string;
}

/** What Postgres says when somebody reads the table just now, or when something depends on an index. */
const isInUse = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === '2BP01');

/**
 * Runs `work`, which fills the tables, with those that are empty stripped of their indexes; makes the indexes again
 * afterwards. Keeping a key up to date row by row costs three times as much as making it of all rows at once. Nobody can read
 * such a table until the transaction ends, and nobody would see a row before. Left alone: a table of another owner's (who
 * may not alter it), and one that is being read just now.
 */
export const withoutIndexes = async <Result>(
  session: Session,
  tables: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> => {
  const taken: IndexStatements[] = [];
  for (const table of tables) {
    const [found] = await session.query<{ is_filled: boolean }>(
      `select exists (select from ${table}) as is_filled`,
    );
    if (found?.is_filled) continue;
    const indexes = await session.query<IndexStatements>(readPackageFile('sql/batch/index.sql'), [table]);
    if (indexes.length > 0 && (await drop(session, table, indexes))) taken.push(...indexes);
  }
  const result = await work();
  if (taken.length > 0) {
    await session.script(
      `set local maintenance_work_mem = '128MB'; ${taken.map((index) => `${index.create_statement};`).join(' ')}`,
    );
  }
  return result;
};

const drop = async (
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
