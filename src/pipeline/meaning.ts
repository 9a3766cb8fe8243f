import { sha256 } from '../files.js';
import { stepsByTable } from './order.js';
import { isPreparing, type Step, withoutComments } from './step.js';

const ownMeanings = new WeakMap<Step, string>();

/**
 * A step's own meaning: its header and SQL without comments, layout and the order of words in a header. Kept, because
 * each of many tables follows from the same preparing steps.
 */
const ownMeaning = (step: Step): string => {
  const known = ownMeanings.get(step);
  if (known !== undefined) return known;
  const meaning = JSON.stringify([
    step.table,
    [...step.grain].sort(),
    [...step.values].sort(),
    [step.select ?? '', ...step.stored, ...step.notes.map((note) => `${note.table} ${note.select}`)].map(
      (sql) => withoutComments(sql).replace(/\s+/g, ' ').trim(),
    ),
    step.params,
  ]);
  ownMeanings.set(step, meaning);
  return meaning;
};

/** Steps that do nothing in most runs: those of sql/repair and of sql/frozen. */
const isOccasional = (step: Step): boolean => step.runs === 'repair' || step.runs === 'frozen';

const preparing = new WeakMap<readonly Step[], (table: string) => readonly Step[]>();

/**
 * The preparing steps of sql/steps that a step's rows come from, however far up. Those of sql/repair only say for whom,
 * and those of sql/frozen give back what was derived before.
 */
const preparedBy = (step: Step, steps: readonly Step[], found = new Set<Step>()): Set<Step> => {
  let madeBy = preparing.get(steps);
  if (madeBy === undefined) {
    madeBy = stepsByTable(
      steps.filter((other) => isPreparing(other) && !isOccasional(other)),
      ({ table }) => [table],
    );
    preparing.set(steps, madeBy);
  }
  for (const other of step.reads.flatMap(madeBy)) {
    if (found.has(other)) continue;
    found.add(other);
    preparedBy(other, steps, found);
  }
  return found;
};

/** What has to run to derive a step's table wholly: everything that prepares it, and what says for whom. */
export const closureOf = (step: Step, steps: readonly Step[]): Step[] => {
  const closure = new Set([step, ...preparedBy(step, steps)]);
  const read = new Set([...closure].flatMap((one) => one.reads));
  for (const other of steps)
    if (other.runs === 'repair' && isPreparing(other) && read.has(other.table)) closure.add(other);
  return steps.filter((one) => closure.has(one));
};

/** Digest of the SQL that a stored table's rows follow from: the step's own and that of the steps that prepare it. */
export const meaningOf = (step: Step, steps: readonly Step[]): string =>
  sha256(
    [step, ...preparedBy(step, steps)]
      .map((one) => `${one.name}:${ownMeaning(one)}`)
      .sort()
      .join('\n'),
  );

/** Steps that keep a stored table up to date; those of sql/repair only sweep, those of sql/frozen only give way. */
export const convergingSteps = (steps: readonly Step[]): Step[] =>
  steps.filter((step) => !isPreparing(step) && !step.isCleaner && !isOccasional(step));

/** Whether a step's rows come from the application's taps themselves, and not from facts that are stored. */
export const readsTaps = (step: Step, steps: readonly Step[]): boolean =>
  [step, ...preparedBy(step, steps)].some((one) => one.reads.includes('classified_tap'));

/** One digest over the steps that read the application's taps: a day that was derived by others is stale. */
export const factsDigest = (steps: readonly Step[]): string =>
  sha256(
    convergingSteps(steps)
      .filter((step) => readsTaps(step, steps))
      .map((step) => meaningOf(step, steps))
      .join('\n'),
  );
