import { workFailure } from '../errors.js';
import { readPackageFile, sqlFilesBelow } from '../files.js';
import { sectionsOf } from '../sql-text.js';

const weights = ['finding', 'stale', 'attention'] as const;

/**
 * What the rows of a check mean: `finding`, a stored figure is wrong; `stale`, the source has changed since and etl has
 * not run; `attention`, worth knowing, and no figure is wrong.
 */
export type Weight = (typeof weights)[number];

/**
 * One .sql file of sql/checks: either what is expected and what is stored, whose figures are then compared by key, or
 * the rows that break a rule. sql/verify/comparison.sql and finding.sql turn both into findings.
 */
export interface Check {
  /** The file's name without .sql. */
  readonly name: string;
  /** The table that it is about, for --table and for the report. */
  readonly table: string;
  /** A sentence that is true when the check finds nothing. */
  readonly says: string;
  /** Other relations that it needs; without them it is skipped. */
  readonly needs: readonly string[];
  readonly weight: Weight;
  /** The columns that identify a row. A single column called `key` is shown as it is. */
  readonly key: readonly string[];
  /** The columns that are compared where a row is both expected and stored; none: only whether it is there. */
  readonly compared: readonly string[];
  /** By column, the condition on `expected` and `stored` under which a difference is not reported. */
  readonly excused: ReadonlyMap<string, string>;
  /** SQL expressions: the day that a finding is about, and the day and user that a repair derives again. Null: none. */
  readonly day: string | null;
  readonly markDay: string | null;
  readonly markUser: string | null;
  /** Whether it is done for one part of the users after the other, because all of them have too many rows. */
  readonly inParts: boolean;
  readonly query: { readonly expected: string; readonly stored: string } | { readonly broken: string };
}

const headerKeys = [
  'table',
  'says',
  'needs',
  'weight',
  'key',
  'compared',
  'excused',
  'day',
  'mark_day',
  'mark_user',
  'parts',
] as const;
type HeaderKey = (typeof headerKeys)[number];

/**
 * Reads a check from its file's text. Throws, naming the file, on a header or section that is unknown, missing or
 * wrong.
 */
export const parseCheck = (name: string, text: string): Check => {
  const fail = (what: string): never => {
    throw workFailure(`${name}.sql: ${what}`);
  };
  const found = new Map<HeaderKey, string[]>();
  for (const [line, key = '', value = ''] of text.matchAll(/^--!\s*(?:(\w+):(.*))?.*$/gm)) {
    const header = headerKeys.find((word) => word === key);
    if (header === undefined) return fail(`unknown header '${line}', expected ${headerKeys.join(', ')}.`);
    if (found.has(header) && header !== 'excused') fail(`the header '${header}' is there twice.`);
    found.set(header, [...(found.get(header) ?? []), value.trim()]);
  }
  const one = (key: HeaderKey): string | null => found.get(key)?.[0] ?? null;
  const required = (key: HeaderKey): string => one(key) ?? fail(`the header '${key}' is missing.`);
  const list = (key: HeaderKey): string[] =>
    (one(key) ?? '')
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  const weightName = one('weight') ?? 'finding';
  const weight =
    weights.find((word) => word === weightName) ??
    fail(`unknown weight '${weightName}', expected ${weights.join(', ')}.`);
  const compared = list('compared');
  const excused = new Map(
    (found.get('excused') ?? []).map((line): [string, string] => {
      const [, column = '', condition = ''] = /^(\S+) where (.+)$/.exec(line) ?? [];
      if (!compared.includes(column))
        fail(`'excused: ${line}' is not 'COLUMN where CONDITION' of a compared column.`);
      return [column, condition];
    }),
  );
  const key = required('key') === '' ? fail("the header 'key' is empty.") : list('key');
  return {
    name,
    table: required('table'),
    says: required('says'),
    needs: list('needs'),
    weight,
    key,
    compared,
    excused,
    day: one('day') ?? (key.includes('day') ? 'day' : null),
    markDay: one('mark_day'),
    markUser: one('mark_user'),
    inParts: one('parts') === null ? false : one('parts') === 'users' || fail("'parts' can only be 'users'."),
    query: readSections(text, fail),
  };
};

const readSections = (text: string, fail: (what: string) => never): Check['query'] => {
  const sections = new Map(
    sectionsOf(text)
      .slice(1)
      .map((section) => [section.name, section.text]),
  );
  const { expected, stored, broken } = Object.fromEntries(sections);
  if (expected !== undefined && stored !== undefined && sections.size === 2) return { expected, stored };
  if (broken !== undefined && sections.size === 1) return { broken };
  const names = [...sections.keys()].join(', ');
  return fail(`its sections are '${names}', expected '--: expected' and '--: stored', or '--: broken'.`);
};

/** All checks of the package: those that tell stale days from wrong figures first, then by table and name. */
export const loadChecks = (): Check[] =>
  sqlFilesBelow('sql/checks')
    .map((path) => parseCheck(path.replace(/^.*\/|\.sql$/g, ''), readPackageFile(path)))
    .sort((one, other) => sortKey(one).localeCompare(sortKey(other)));

/** The tables that checks are about, sorted. */
export const checkedTables = (): string[] => [...new Set(loadChecks().map(({ table }) => table))].sort();

const sortKey = ({ weight, table, name }: Check): string =>
  `${weight === 'finding' ? 1 : 0} ${table} ${name}`;
