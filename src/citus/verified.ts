import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { isRefusedWrite } from '../db/failure.js';
import { type Session, withTransaction } from '../db/transaction.js';
import { spreadFigures } from './quiet.js';

/** What the last verification found while figures were spread over this cluster. */
export interface Verified {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Everything was compared, not a sample. */
  readonly isFull: boolean;
  /** Tables whose rows are what follows from the source. */
  readonly equal: readonly string[];
  readonly unequal: readonly string[];
}

/**
 * Notes for `status` what a verification found, where figures are spread over a cluster: on plain Postgres nothing but
 * Postgres itself would have to be trusted. Returns false where the role may only read.
 */
export const noteVerified = async (
  database: Database,
  settings: Settings,
  verified: Verified,
): Promise<boolean> => {
  if ((await spreadFigures(database, settings)).length === 0) return true;
  try {
    await withTransaction(database, settings, async (session) => {
      await session.query(
        "insert into setting (key, value) values ('verified', $1) on conflict (key) do update set value = excluded.value",
        [JSON.stringify(verified)],
      );
    });
    return true;
  } catch (error) {
    if (isRefusedWrite(error)) return false;
    throw error;
  }
};

/** Forgets it: a table that moves has not been verified where it is then. */
export const forgetVerified = async (session: Session): Promise<void> => {
  await session.query("delete from setting where key = 'verified'");
};

/** Null where nothing was verified since tables were moved. */
export const readVerified = async (session: Session): Promise<Verified | null> => {
  const [row] = await session.query<{ value: string }>("select value from setting where key = 'verified'");
  return row === undefined ? null : (JSON.parse(row.value) as Verified);
};
