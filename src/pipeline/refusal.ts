import type { Row, Session } from '../db/transaction.js';
import { type Failure, workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import type { PlannedDay } from './plan.js';
import type { Step } from './step.js';

interface Refusal extends Error {
  readonly code?: string;
  readonly constraint?: string;
  readonly column?: string;
}

/** Whether a database error says that a constraint refused a row: SQLSTATE class 23. */
export const isRefusal = (error: unknown): error is Refusal =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('23');

/**
 * What a constraint refused, in words: the step, the constraint, the row by its key and values, the days that were
 * derived, and what to do. Reads the stage, so the refused statement has to be rolled back already.
 */
export const explainRefusal = async (
  session: Session,
  step: Step,
  refusal: Refusal,
  days: readonly PlannedDay[],
): Promise<Failure> => {
  const rule = await ruleOf(session, step, refusal);
  const [row] = rule.broken === null ? [] : await refusedRow(session, step, rule.broken);
  const words = (columns: readonly string[]) =>
    columns.map((column) => `${column} ${row?.[column] ?? 'null'}`).join(', ');
  const [first, last] = [days[0]?.day, days.at(-1)?.day];
  const span = first === undefined ? 'the passing of time' : first === last ? first : `${first} .. ${last}`;
  const before =
    first === undefined ? '' : `, or keep the days before it up to date with: arc-gam etl --date DAY`;
  return workFailure(
    `Step ${step.name} made a row that ${step.table} does not allow: ${
      row === undefined ? refusal.message : `${words(step.grain)} with ${words(step.values)}`
    } (${rule.says}). It follows from ${span}. Nothing of the batch was kept: the figures are those of the last whole batch. Look at the step with: arc-gam step ${step.name}${before}. Please report this sentence: no source should lead here.`,
    { cause: refusal },
  );
};

const ruleOf = async (
  session: Session,
  step: Step,
  { constraint, column, message }: Refusal,
): Promise<{ says: string; broken: string | null }> => {
  if (column !== undefined) return { says: `${column} must not be null`, broken: `stage.${column} is null` };
  if (constraint === undefined) return { says: message, broken: null };
  const [found] = await session.query<{ rule: string; expression: string | null }>(
    readPackageFile('sql/batch/constraint.sql'),
    [constraint, step.table],
  );
  return {
    says: `constraint ${constraint}${found === undefined ? '' : `: ${found.rule}`}`,
    broken: found?.expression == null ? null : `not coalesce((${found.expression}), true)`,
  };
};

/**
 * The first refused row, by key; none where the rule can't be asked of the stage (it names a column that the step does
 * not give).
 */
const refusedRow = async (session: Session, step: Step, broken: string): Promise<Row[]> => {
  await session.script('savepoint refused;');
  try {
    return await session.query(
      `select ${[...step.grain, ...step.values].map((column) => `stage.${column}::text as ${column}`).join(', ')}
       from stage
       where stage.is_wanted and ${broken}
       order by ${step.grain.map((key) => `stage.${key}`).join(', ')}
       limit 1`,
    );
  } catch {
    await session.script('rollback to refused;');
    return [];
  }
};
