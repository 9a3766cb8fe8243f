import type { Session } from '../db/transaction.js';
import { temporaryTables } from './batch.js';
import type { Step } from './step.js';

/** Everything that steps write and that lives longer than a batch. */
const storedTables = (steps: readonly Step[]): string[] => [
  ...new Set(steps.flatMap((step) => step.writes).filter((table) => !temporaryTables.has(table))),
];

/** The tables whose rows a dry run compares: what people read, and the connections. */
export const figureTables = (steps: readonly Step[]): string[] =>
  storedTables(steps).filter((table) => !privateTables.has(table));

/** Bookkeeping: its rows say the same in other words. */
const privateTables = new Set(['processed_day', 'unknown_user_day', 'user_key']);

/** A rebuild from nothing begins with nothing. */
export const emptyTables = async (session: Session, steps: readonly Step[]): Promise<void> => {
  await session.script(
    `truncate ${storedTables(steps).join(', ')}; delete from stale_mark; delete from captured_day; update setting set value = 'pending' where key = 'capture';`,
  );
};
