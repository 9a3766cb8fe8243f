import { workFailure } from '../errors.js';
import { readPackageFile, sqlFilesBelow } from '../files.js';
import { isScratch } from './scratch.js';
import { isPreparing, parseStep, type Step, writesOf } from './step.js';

/** Steps by the tables that `tablesOf` says of each. */
export const stepsByTable = (
  steps: readonly Step[],
  tablesOf: (step: Step) => readonly string[],
): ((table: string) => readonly Step[]) => {
  const found = new Map<string, Step[]>();
  for (const step of steps)
    for (const table of tablesOf(step)) {
      const known = found.get(table);
      if (known === undefined) found.set(table, [step]);
      else known.push(step);
    }
  return (table) => found.get(table) ?? [];
};

/** Whether a step adds rows to its table, and does not only take some away. */
const isMaker = (step: Step): boolean => !step.isCleaner;

/**
 * Orders steps so that whoever reads a table comes after all who write it, whoever wants it as it was before them, and
 * whoever only takes rows from one after all who read it. Ties are broken by name. Throws on a cycle and on a table
 * that nobody writes and that is not in `given`.
 */
export const orderSteps = (steps: readonly Step[], given: ReadonlySet<string>): Step[] => {
  const written = new Set(steps.flatMap(writesOf));
  for (const step of steps) {
    const unknown = step.reads.find((table) => !written.has(table) && !given.has(table));
    if (unknown !== undefined)
      throw workFailure(`${step.file} reads '${unknown}', which no step writes and nothing provides.`);
    const unwritten = step.before.find((table) => !written.has(table));
    if (unwritten !== undefined)
      throw workFailure(`${step.file} names '${unwritten}', which no step writes.`);
    if (step.isCleaner && !steps.some((other) => isMaker(other) && other.table === step.table))
      throw workFailure(`${step.file} names '${step.table}', which no step writes.`);
  }
  const ordered: Step[] = [];
  const writers = stepsByTable(steps, writesOf);
  const makers = stepsByTable(steps, ({ table }) => [table]);
  const readers = stepsByTable(steps, ({ reads }) => reads);
  const readersBefore = stepsByTable(steps, ({ before }) => before);
  const earlierThan = new Map(
    steps.map((step) => {
      const writes = writesOf(step);
      return [
        step,
        [
          // Of two that write to a table, the one that also reads it comes after the one that does not.
          ...step.reads.flatMap((table) =>
            writers(table).filter(
              (other) =>
                isMaker(other) &&
                !(writes.includes(table) && (other.reads.includes(table) || other.before.includes(table))),
            ),
          ),
          ...writes.flatMap(readersBefore),
          ...(step.isCleaner ? [...readers(step.table), ...makers(step.table).filter(isMaker)] : []),
          // What stands in for the taps of frozen days is added to what was read of the others.
          ...(step.runs === 'frozen' && isPreparing(step)
            ? makers(step.table).filter((other) => other.runs !== 'frozen')
            : []),
        ].filter((other) => other !== step),
      ] as const;
    }),
  );
  // Not localeCompare, which takes a while to begin.
  const waiting = new Set([...steps].sort((one, other) => (one.name < other.name ? -1 : 1)));
  while (waiting.size > 0) {
    const next = [...waiting].find((step) => !earlierThan.get(step)?.some((other) => waiting.has(other)));
    if (next === undefined) {
      const names = [...waiting].map((step) => step.name).join(', ');
      throw workFailure(`The steps ${names} read what each other write: they have no order.`);
    }
    waiting.delete(next);
    ordered.push(next);
  }
  return ordered;
};

/**
 * By step, the scratch tables that no step after it reads or adds to, in the order in which the steps run. Of those
 * that steps make: what a batch is given is its own.
 */
export const doneAfter = (steps: readonly Step[]): ((step: Step) => readonly string[]) => {
  const made = new Set(steps.flatMap(writesOf).filter(isScratch));
  const last = new Map<string, Step>();
  for (const step of steps)
    for (const table of [...step.reads, ...step.before, ...writesOf(step)])
      if (made.has(table)) last.set(table, step);
  const done = new Map<Step, string[]>();
  for (const [table, step] of last) done.set(step, [...(done.get(step) ?? []), table]);
  return (step) => done.get(step) ?? [];
};

/** What a batch is given before its first step: the source, its own days, and what operators and migrate keep. */
export const givenTables: ReadonlySet<string> = new Set([
  'classified_tap',
  'app_user',
  'batch_range',
  'batch_day',
  'batch_user',
  'friend',
  'frozen_digest',
  'gazetteer_alias',
  'gazetteer_area',
  'gazetteer_load',
  'gazetteer_name',
  'gazetteer_place',
  'quest_rule',
]);

/** All steps of the package, in the order in which they run. */
export const loadSteps = (): Step[] =>
  orderSteps(
    ['sql/steps', 'sql/repair', 'sql/frozen'].flatMap((folder) =>
      sqlFilesBelow(folder).map((file) =>
        parseStep(file.slice(file.lastIndexOf('/') + 1, -4), readPackageFile(file), file),
      ),
    ),
    givenTables,
  );
