import type { Session } from '../db/transaction.js';
import { sectionFiller } from '../sql-text.js';

const fillIn = sectionFiller('sql/batch/strip.sql');

/**
 * Runs `work`, which fills an empty table, with the table stripped of its indexes; makes them again afterwards. `table`
 * is an SQL expression that says which one. It stays as it is where it can't be locked at once. In a shard no table is
 * temporary.
 */
export const withoutIndexes = async (
  session: Pick<Session, 'script'>,
  table: string,
  isInShard: boolean,
  work: () => Promise<unknown>,
): Promise<void> => {
  await session.script(`${fillIn('strip', { table, persistence: isInShard ? 'unlogged' : 'temp' })};`);
  await work();
  await session.script(`set local maintenance_work_mem = '128MB'; ${fillIn('restore')};`);
};
