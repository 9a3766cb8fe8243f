import type { Session } from '../db/transaction.js';
import type { ChangedRow } from '../report/reporter.js';
import type { Step } from './step.js';

/** Rows of one table that a run would change. */
export interface TableDifference {
  readonly table: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

type StagedRow = Record<string, string | null> & { is_wanted: string; is_stored: string };

const rowsAtOnce = 1_000;

/**
 * What a step is about to change, read off its stage in the order of the keys, in constant memory. `onRow` hears of
 * each row. For a step that only sweeps, of a row that goes only the key is known.
 */
export const readStage = async (
  session: Session,
  step: Step,
  onRow: (row: ChangedRow) => Promise<void>,
): Promise<void> => {
  const isSweep = step.select === null;
  const columns = [
    ...step.grain.map((key) => `stage.${key}::text as ${key}`),
    ...(isSweep ? [] : step.values.map((value) => `stage.${value}::text as ${value}`)),
    // Where a step answers for no stored row, the stage has no old values.
    ...(step.stored.length === 0
      ? []
      : step.values.map((value) => `stage.old_${value}::text as old_${value}`)),
    'stage.is_wanted::text as is_wanted',
    'stage.is_stored::text as is_stored',
  ];
  const rows = session.stream<StagedRow>(
    `select ${columns.join(', ')} from stage order by ${step.grain.map((key) => `stage.${key}`).join(', ')}`,
    [],
    rowsAtOnce,
  );
  for await (const row of rows) {
    const key = Object.fromEntries(step.grain.map((name) => [name, row[name] ?? '']));
    const figures = (prefix: string) => ({
      ...key,
      ...Object.fromEntries(step.values.map((name) => [name, row[`${prefix}${name}`] ?? null])),
    });
    await onRow({
      table: step.table,
      key,
      old: row.is_stored === 'true' ? figures('old_') : null,
      new: row.is_wanted === 'true' ? figures('') : null,
    });
  }
};
