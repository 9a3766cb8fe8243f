import type { FigurePlacement } from '../citus/cluster.js';
import { copyOf, isOfPairs } from '../citus/shards.js';
import type { Session } from '../db/transaction.js';
import { isPreparing, type Step } from './step.js';

/** Every table that steps write and that lives longer than a batch, each once, in the order of the steps. */
export const storedTables = (steps: readonly Step[]): string[] => [
  ...new Set(steps.filter((step) => !isPreparing(step)).map((step) => step.table)),
];

/** Empties every table, for a rebuild from nothing; where figures are spread, the copies of facts too. */
export const emptyTables = async (
  session: Session,
  steps: readonly Step[],
  figures: readonly FigurePlacement[],
): Promise<void> => {
  const copies = figures.flatMap(({ name, placement }) =>
    placement === 'distributed' && isOfPairs(name) ? [copyOf(name)] : [],
  );
  await session.script(
    `truncate ${[...storedTables(steps), ...copies].join(', ')}, derived_step; delete from stale_mark; delete from captured_day; update setting set value = 'pending' where key = 'capture';`,
  );
};
