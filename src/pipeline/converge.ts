import { renumbered } from '../db/parameters.js';
import { sectionFiller } from '../sql-text.js';
import { type Persistence, scratchColumns, scratchName } from './scratch.js';
import { isPreparing, type Step } from './step.js';

/** How a stage is applied: the sections of sql/converge.sql that write the step's table. */
export type Applying = 'delete' | 'delete_placed' | 'upsert' | 'fill';

/** One statement of a step as it runs. */
export interface Statement {
  readonly purpose: 'stage' | 'prepare' | 'note' | Applying;
  /** The table that it writes. */
  readonly table: string;
  readonly text: string;
  /** Names of its bind parameters, $1 first. */
  readonly params: Step['params'];
}

/** How and in which schema scratch tables are made. */
export interface Place {
  readonly persistence: Persistence;
  /** Null: wherever the session makes tables. */
  readonly schema: string | null;
  /** Where the table is spread over shards and not written in one of them: what a row's shard is. */
  readonly shard?: string;
  /** Where not what has the step's name is written: the table, and which rows of the stage. */
  readonly target?: { readonly table: string; readonly join: string; readonly where: string };
}

const fillIn = sectionFiller('sql/converge.sql');

const list = (columns: readonly string[], indent = '  '): string =>
  columns.map((column) => `${indent}${column}`).join(',\n');
const indented = (text: string, indent: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? line : `${indent}${line}`))
    .join('\n');
const row = (columns: readonly string[]): string =>
  columns.length === 1 ? (columns[0] ?? '') : `(${columns.join(', ')})`;

/** A statement with its parameters numbered from $1: a section may use only some of its step's. */
const statement = (step: Step, purpose: Statement['purpose'], table: string, text: string): Statement => {
  const { text: own, used } = renumbered(text);
  return {
    purpose,
    table,
    text: own,
    params: used.map((number) => step.params[number - 1] as Step['params'][number]),
  };
};

/** The words that are filled into the statements of converge.sql for one step. */
const words = (
  step: Step,
  { persistence, schema, shard, target }: Place,
): Readonly<Record<string, string>> => {
  const written = [...step.values, ...step.carries];
  const isDifferent =
    step.values.length === 0
      ? 'wanted.is_wanted is null or stored.is_stored is null'
      : `(wanted.is_wanted, ${step.values.map((value) => `wanted.${value}`).join(', ')})
  is distinct from (stored.is_stored, ${step.values.map((value) => `stored.${value}`).join(', ')})`;
  const storedColumns = [...step.grain, ...step.values].map((column) => `stored.${column}`);
  return {
    persistence,
    table: target?.table ?? step.table,
    stage: scratchName('stage', persistence, schema),
    select: step.select === null ? '' : indented(step.select, '    '),
    stored: step.stored
      .map(
        (from) =>
          `  select\n${list([...storedColumns, 'true as is_stored'], '    ')}\n${indented(from, '  ')}`,
      )
      .join('\n  union all\n'),
    grain: step.grain.join(', '),
    wanted_columns: list([...step.grain, ...written, 'true as is_wanted'], '    '),
    stage_columns: list([
      ...step.grain,
      ...written.map((column) => `wanted.${column}`),
      ...step.values.map((value) => `stored.${value} as old_${value}`),
      'wanted.is_wanted is not null as is_wanted',
      'stored.is_stored is not null as is_stored',
    ]),
    new_columns: list([...step.grain, ...written, 'true as is_wanted', 'false as is_stored']),
    gone_columns: list([
      ...step.grain,
      ...step.values.map((value) => `${value} as old_${value}`),
      'false as is_wanted',
      'true as is_stored',
    ]),
    is_different: isDifferent,
    is_same_row: `${row(step.grain.map((key) => `target.${key}`))} = ${row(step.grain.map((key) => `stage.${key}`))}`,
    target_row: row(step.grain.map((key) => `target.${key}`)),
    stage_row: step.grain.map((key) => `stage.${key}`).join(', '),
    staged: target === undefined ? 'stage' : `stage\n${target.join}`,
    is_wanted: target === undefined ? 'stage.is_wanted' : `stage.is_wanted\n  and ${target.where}`,
    key: [...step.grain, ...(shard !== undefined || schema === null ? ['shard'] : [])].join(', '),
    columns: [...step.grain, ...written, ...(shard === undefined ? [] : ['shard'])].join(', '),
    staged_columns: [
      ...[...step.grain, ...written].map((column) => `stage.${column}`),
      ...(shard === undefined ? [] : [shard]),
    ].join(', '),
    order: (step.order.length > 0 ? step.order : step.grain).map((column) => `stage.${column}`).join(', '),
    assignments: list(
      [...written, ...step.stamps, ...step.assigns].map((column) => `${column} = excluded.${column}`),
      '  ',
    ),
  };
};

/** Makes the stage: the rows in which the step's table differs from its SELECT. */
export const stageOf = (step: Step, place: Place): Statement => {
  const template =
    step.select === null ? 'stage_of_gone' : step.stored.length === 0 ? 'stage_of_new' : 'stage';
  return statement(step, 'stage', 'stage', fillIn(template, words(step, place)));
};

/**
 * Applies the stage: what should be gone, then what is new or different; into an empty table without keys, all at once.
 */
export const applied = (step: Step, purpose: Applying, place: Place): Statement =>
  statement(step, purpose, step.table, fillIn(purpose, words(step, place)));

/** Counts the stage. */
export const countOfStage = fillIn('count');

/** Makes a scratch table of a preparing step's rows. */
export const prepared = (step: Step, { persistence, schema }: Place): Statement =>
  statement(
    step,
    'prepare',
    step.table,
    `create ${persistence} table ${scratchName(step.table, persistence, schema)} as\n${step.select ?? ''}`,
  );

/** Adds rows to a scratch table that several steps write to. */
export const added = (step: Step, table: string, select: string, purpose: 'prepare' | 'note'): Statement =>
  statement(step, purpose, table, `insert into ${table} (${scratchColumns(table).join(', ')})\n${select}`);

/**
 * What a step prepares, or stages and applies, in the order in which a batch does, for whoever wants to read it. What
 * only some batches do instead (delete_placed, fill) and what goes with it (the count, savepoints) is left out.
 * `isShared`: whether another step writes to the same scratch table.
 */
export const statementsOf = (step: Step, isShared: boolean, place: Place): Statement[] => {
  const notes = step.notes.map((note) => added(step, note.table, note.select, 'note'));
  if (isPreparing(step))
    return [
      isShared ? added(step, step.table, step.select ?? '', 'prepare') : prepared(step, place),
      ...notes,
    ];
  return [
    stageOf(step, place),
    ...(step.stored.length > 0 ? [applied(step, 'delete', place)] : []),
    ...(step.select === null ? [] : [applied(step, 'upsert', place)]),
    ...notes,
  ];
};
