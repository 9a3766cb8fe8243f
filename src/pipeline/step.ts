import type { Slice } from '../citus/shadows.js';
import { workFailure } from '../errors.js';
import { sectionsOf } from '../sql-text.js';
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
  /**
   * Whether a shard's rows follow from its own rows and from tables that every node has: then, where figures are spread
   * over a cluster, it runs beside them.
   */
  readonly isSpread: boolean;
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
  'spread',
] as const;
type HeaderKey = (typeof headerKeys)[number];

/** SQL without its comments. */
export const withoutComments = (text: string): string => text.replace(/--.*$/gm, '');

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
  const select = main.text === '' ? null : main.text;
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
    isSpread: oneOf('spread', ['by_user'] as const).length > 0,
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

/**
 * Whether several steps write to a step's table, so that none of them makes it of its own rows alone. What a step of
 * sql/frozen adds comes after it was made.
 */
export const isShared = (step: Step, steps: readonly Step[]): boolean =>
  steps.filter(
    (other) => writesOf(other).includes(step.table) && (step.runs === 'frozen' || other.runs !== 'frozen'),
  ).length > 1;
