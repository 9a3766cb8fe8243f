import type { Slice } from '../citus/shadows.js';
import { workFailure } from '../errors.js';
import { readPackageFile, sha256, sqlFilesBelow } from '../files.js';
import { isScratch } from './scratch.js';

/** What a step can be told; each is bound by name from the header's `params` line. */
const stepParameters = [
  'zone',
  'as_of_day',
  'as_of_moved',
  'is_later',
  'alive_from_day',
  'steps_sha256',
  'run_id',
] as const;

export type StepParameter = (typeof stepParameters)[number];

/** Rows that a step passes on to later ones: a SELECT whose columns are those of a scratch table, in their order. */
export interface Note {
  readonly table: string;
  readonly select: string;
}

/**
 * One .sql file of sql/steps, sql/repair or sql/frozen: a header and a SELECT that says what should be there.
 * converge.ts brings the table to it.
 */
export interface Step {
  /** The file's name without .sql. */
  readonly name: string;
  /** Path in the package, for messages: sql/steps/days/user_streaks.sql. */
  readonly file: string;
  readonly reads: readonly string[];
  /** Tables that it reads as the batch before left them: it comes before their writers. */
  readonly before: readonly string[];
  /** The one table that the SELECT is about. A scratch table is made of its rows, a stored table is brought to them. */
  readonly table: string;
  /** Whether it only deletes rows that are no longer needed. It then runs after all steps that read the table. */
  readonly isCleaner: boolean;
  /** Columns that identify a row. */
  readonly grain: readonly string[];
  /** The other columns, of which a difference makes a row be written. */
  readonly values: readonly string[];
  /** Columns that are written with a row but by which no row differs. */
  readonly carries: readonly string[];
  /** Columns with the time of writing: every write sets them to their default. */
  readonly stamps: readonly string[];
  /**
   * Columns of the grain that an update assigns although they stay as they are: what a generated column of the table is
   * computed from. Where nothing of it is assigned, PostgreSQL 16 to 18 parse its expression anew for each row.
   */
  readonly assigns: readonly string[];
  /** In which order rows are inserted; by default that of the grain. */
  readonly order: readonly string[];
  /** Bound to $1, $2, ... in this order, in all sections. */
  readonly params: readonly StepParameter[];
  /**
   * Ways to join or scan that the planner may not choose for this step, by the name in Postgres' enable_... setting.
   */
  readonly avoid: readonly Avoidable[];
  /** When it runs although the batch's own tables have no rows for it: see `hasWork` in batch.ts. */
  readonly runs: RunsWhen;
  /** What should be there; null: nothing of what is stored. */
  readonly select: string | null;
  /** From-clauses, each with an alias `stored`, of the stored rows that the SELECT answers for. */
  readonly stored: readonly string[];
  readonly notes: readonly Note[];
  /**
   * Where the figures are spread over a cluster: which rows of a distributed table its statements may need. Without one
   * they get all.
   */
  readonly slices: readonly Slice[];
}

const avoidable = ['hashjoin', 'mergejoin', 'nestloop', 'memoize', 'bitmapscan', 'seqscan'] as const;
export type Avoidable = (typeof avoidable)[number];

const runsWhen = ['given', 'as_of_moved', 'always', 'repair', 'frozen'] as const;
export type RunsWhen = (typeof runsWhen)[number];

const headerKeys = [
  'reads',
  'before',
  'writes',
  'removes',
  'grain',
  'values',
  'carries',
  'stamps',
  'assigns',
  'order',
  'params',
  'avoid',
  'runs',
] as const;
type HeaderKey = (typeof headerKeys)[number];

interface Section {
  readonly name: string;
  readonly argument: string;
  readonly line: number;
  readonly text: string;
}

/** Cuts a file at its `--: name` lines; what stands before the first is the SELECT. */
const sectionsOf = (text: string): Section[] => {
  const sections: { name: string; argument: string; line: number; lines: string[] }[] = [
    { name: 'select', argument: '', line: 1, lines: [] },
  ];
  // Not `for ... of entries()` here and below: for 5,000 lines that is four milliseconds of each command.
  text.split('\n').forEach((line, index) => {
    const mark = line.startsWith('--:') ? /^--:\s*(\S*)\s*(\S*)/.exec(line) : null;
    if (mark === null) sections.at(-1)?.lines.push(line);
    else sections.push({ name: mark[1] ?? '', argument: mark[2] ?? '', line: index + 1, lines: [] });
  });
  return sections.map(({ lines, ...section }) => ({ ...section, text: statementOf(lines) }));
};

/** The lines of a section without what stands before its first word of SQL. */
const statementOf = (lines: readonly string[]): string => {
  const first = lines.findIndex((line) => line.trim() !== '' && !line.startsWith('--'));
  return first < 0 ? '' : lines.slice(first).join('\n').trimEnd();
};

const withoutComments = (text: string): string => text.replace(/--.*$/gm, '');

/**
 * Reads a step from its file's text. Throws a failure that names file, line and column for an unknown, repeated or
 * missing key, an unknown word or section, and a count of parameters other than the statements'.
 */
export const parseStep = (name: string, text: string, file = `${name}.sql`): Step => {
  const fail = (line: number, column: number, message: string) =>
    workFailure(`${file}:${line}:${column}: ${message}`);
  const found = new Map<HeaderKey, { words: string[]; line: number }>();
  text.split('\n').forEach((line, index) => {
    if (!line.startsWith('--!')) return;
    const [, key = '', value = ''] = /^--!\s*(\w+):(.*)$/.exec(line) ?? [];
    if (key === '') throw fail(index + 1, 1, `'${line}' is not a header, expected '--! key: words'.`);
    const column = line.indexOf(key) + 1;
    const header = headerKeys.find((one) => one === key);
    if (header === undefined)
      throw fail(index + 1, column, `unknown header '${key}', expected ${headerKeys.join(', ')}.`);
    if (found.has(header)) throw fail(index + 1, column, `the header '${key}' is there twice.`);
    const words = value
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
    found.set(header, { words, line: index + 1 });
  });
  const words = (key: HeaderKey): readonly string[] => found.get(key)?.words ?? [];
  for (const key of ['reads', 'grain'] as const)
    if (!found.has(key)) throw fail(1, 1, `the header '${key}' is missing.`);
  const [table, ...others] = [...words('writes'), ...words('removes')];
  if (table === undefined || others.length > 0)
    throw fail(1, 1, `one header 'writes' or 'removes' with one table is wanted.`);
  const oneOf = <Word extends string>(key: HeaderKey, expected: readonly Word[]): Word[] =>
    words(key).map((word) => {
      const choice = expected.find((candidate) => candidate === word);
      if (choice !== undefined) return choice;
      const line = found.get(key)?.line ?? 1;
      const column = (text.split('\n')[line - 1]?.indexOf(word) ?? 0) + 1;
      throw fail(line, column, `unknown word '${word}' in '${key}', expected ${expected.join(', ')}.`);
    });
  const [main, ...sections] = sectionsOf(text);
  for (const section of sections) {
    if (!['stored', 'noted', 'slice'].includes(section.name))
      throw fail(section.line, 5, `unknown section '${section.name}', expected stored, noted or slice.`);
    if (section.name === 'noted' && !isScratch(section.argument))
      throw fail(section.line, 11, `'${section.argument}' is not a table of sql/batch/scratch.sql.`);
    if (section.text === '') throw fail(section.line, 5, `the section '${section.name}' is empty.`);
  }
  const params = oneOf('params', stepParameters);
  const used = new Set([...withoutComments(text).matchAll(/\$(\d+)/g)].map(([, digits]) => Number(digits)));
  if (used.size !== params.length || Math.max(0, ...used) !== params.length)
    throw fail(
      found.get('params')?.line ?? 1,
      1,
      `the header names ${params.length} parameters, the statements use ${used.size}.`,
    );
  const select = main === undefined || main.text === '' ? null : main.text;
  const stored = sections.filter((section) => section.name === 'stored').map((section) => section.text);
  if (select === null && stored.length === 0)
    throw fail(1, 1, `neither a SELECT nor a section 'stored' is there.`);
  return {
    name,
    file,
    reads: words('reads'),
    before: words('before'),
    table,
    isCleaner: found.has('removes'),
    grain: words('grain'),
    values: words('values'),
    carries: words('carries'),
    stamps: words('stamps'),
    assigns: words('assigns'),
    order: words('order'),
    params,
    avoid: oneOf('avoid', avoidable),
    runs: oneOf('runs', runsWhen)[0] ?? 'given',
    select,
    stored,
    notes: sections
      .filter((section) => section.name === 'noted')
      .map((section) => ({ table: section.argument, select: section.text })),
    slices: sections
      .filter((section) => section.name === 'slice')
      .map((section) => ({ table: section.argument, text: section.text })),
  };
};

/** Whether a step only prepares what later steps read. */
export const isPreparing = (step: Step): boolean => isScratch(step.table);

/** Every table that a step writes rows to: its own, and those that it notes for others. */
export const writesOf = (step: Step): string[] => [step.table, ...step.notes.map((note) => note.table)];

/** Whether a step adds rows to its table, and does not only take some away. */
const isMaker = (step: Step): boolean => !step.isCleaner;

/**
 * Whether several steps write to a step's table, so that none of them makes it of its own rows alone. What a step of
 * sql/frozen adds comes after it was made.
 */
export const isShared = (step: Step, steps: readonly Step[]): boolean =>
  steps.filter(
    (other) => writesOf(other).includes(step.table) && (step.runs === 'frozen' || other.runs !== 'frozen'),
  ).length > 1;

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

/** Steps by the tables that `tablesOf` says of each. */
const stepsByTable = (
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
