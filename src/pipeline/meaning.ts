import { sha256 } from '../files.js';
import { stepsByTable } from './order.js';
import { isPreparing, type Step, withoutComments, writesOf } from './step.js';

/** SQL without comments and layout. */
const bare = (sql: string): string => withoutComments(sql).replace(/\s+/g, ' ').trim();

/** The meaning of a step whose SELECT is given: its header and SQL without comments, layout and the order of words. */
const meaningWith = (select: string, step: Step): string =>
  JSON.stringify([
    step.table,
    [...step.grain].sort(),
    [...step.values].sort(),
    [select, ...step.stored, ...step.notes.map((note) => `${note.table} ${note.select}`)].map(bare),
    step.params,
  ]);

/** Computes once for each key: a follower asks every second for the meaning of the same steps. */
const kept = <Key extends object, Value>(compute: (key: Key) => Value): ((key: Key) => Value) => {
  const known = new WeakMap<Key, Value>();
  return (key) => {
    const value = known.get(key) ?? compute(key);
    known.set(key, value);
    return value;
  };
};

/** A step's own meaning. */
const ownMeaning = kept((step: Step) => meaningWith(step.select ?? '', step));

/** How a step tells others what changed in its table: all of its meaning but what it selects. */
const tellingOf = kept((step: Step) => meaningWith('', step));

/** Steps that do nothing in most runs: those of sql/repair and of sql/frozen. */
const isOccasional = (step: Step): boolean => step.runs === 'repair' || step.runs === 'frozen';

/** By scratch table, the steps that make it. */
const preparers = kept((steps: readonly Step[]) =>
  stepsByTable(
    steps.filter((step) => isPreparing(step) && !isOccasional(step)),
    ({ table }) => [table],
  ),
);

/** By scratch table, the steps that note in it what changed. */
const tellers = kept((steps: readonly Step[]) =>
  stepsByTable(
    steps.filter((step) => !isOccasional(step)),
    ({ notes }) => notes.map(({ table }) => table),
  ),
);

/**
 * The preparing steps of sql/steps that a step's rows come from, however far up. Those of sql/repair only say for whom,
 * and those of sql/frozen give back what was derived before.
 */
const preparedBy = (step: Step, steps: readonly Step[], found = new Set<Step>()): Set<Step> => {
  for (const other of step.reads.flatMap(preparers(steps))) {
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

/** The steps that tell others what changed in their table, and those that tell them, for they may pass it on. */
const toldBy = (told: Iterable<Step>, steps: readonly Step[], found = new Set<Step>()): Set<Step> => {
  for (const step of [...told].flatMap(({ reads }) => reads).flatMap(tellers(steps))) {
    if (found.has(step)) continue;
    found.add(step);
    toldBy([step], steps, found);
  }
  return found;
};

/**
 * Digest of the SQL that a stored table's rows follow from: the step's own, that of the steps that prepare it, and how
 * others tell it of a change. An older version that told less left rows behind that nothing else finds. What those
 * others select is not in it: where that was wrong, their rows show it.
 */
export const meaningOf = (step: Step, steps: readonly Step[]): string => {
  const own = [step, ...preparedBy(step, steps)];
  return sha256(
    [
      ...own.map((one) => `${one.name}:${ownMeaning(one)}`),
      ...[...toldBy(own, steps)].map((one) => `told by ${one.name}:${tellingOf(one)}`),
    ]
      .sort()
      .join('\n'),
  );
};

/**
 * The tables of other steps that a step's rows come from: those that it reads, and those that tell it what changed.
 * Whoever reads a view over a table is told of it.
 */
export const comesFrom = (step: Step, steps: readonly Step[]): Set<string> => {
  const read = new Set([step, ...preparedBy(step, steps)].flatMap(({ reads }) => reads));
  return new Set(
    keepingSteps(steps)
      .filter((other) => other !== step && writesOf(other).some((table) => read.has(table)))
      .map(({ table }) => table),
  );
};

/** Steps that keep a stored table up to date; those of sql/repair only sweep, those of sql/frozen only give way. */
export const keepingSteps = (steps: readonly Step[]): Step[] =>
  steps.filter((step) => !isPreparing(step) && !isOccasional(step));

/** Those that say what should be in their table, and do not only take rows away. */
export const convergingSteps = (steps: readonly Step[]): Step[] =>
  keepingSteps(steps).filter((step) => !step.isCleaner);

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
