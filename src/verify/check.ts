import { workFailure } from '../errors.js';
import { readPackageFile, sqlFilesIn } from '../files.js';

/** What a check can be told; each is bound by name from the header's `params` line. */
export const checkParameters = ['zone', 'as_of_day', 'alive_from_day', 'alive_from_day_then'] as const;
export type CheckParameter = (typeof checkParameters)[number];

const weights = ['finding', 'stale', 'attention'] as const;

/**
 * What the rows of a check mean: `finding`, a stored figure is wrong; `stale`, the source has changed since and etl has
 * not run; `attention`, worth knowing, and no figure is wrong.
 */
export type Weight = (typeof weights)[number];

/** One .sql file of sql/checks: a query every row of which is a finding. */
export interface Check {
  /** The file's name without .sql. */
  readonly name: string;
  /** The table that it is about, for --table and for the report. */
  readonly table: string;
  /** What holds when it returns nothing, in words. */
  readonly says: string;
  /** Further relations without which it is skipped. */
  readonly needs: readonly string[];
  readonly weight: Weight;
  /** Bound to $1, $2, ... in this order. */
  readonly params: readonly CheckParameter[];
  readonly text: string;
}

const headerKeys = ['table', 'says', 'needs', 'weight', 'params'];

/** Reads a check from its file's text. Throws, naming the file, on a header that is unknown, missing or wrong. */
export const parseCheck = (name: string, text: string): Check => {
  const found = new Map<string, string>();
  for (const [, key = '', value = ''] of text.matchAll(/^--!\s*(\w+):(.*)$/gm)) {
    if (!headerKeys.includes(key))
      throw workFailure(`${name}.sql: unknown header '${key}', expected ${headerKeys.join(', ')}.`);
    found.set(key, value.trim());
  }
  const list = (key: string): string[] =>
    (found.get(key) ?? '')
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  const table = found.get('table');
  const says = found.get('says');
  if (table === undefined || says === undefined)
    throw workFailure(`${name}.sql: the header 'table' or 'says' is missing.`);
  const params = list('params').map((word) => {
    const known = checkParameters.find((parameter) => parameter === word);
    if (known === undefined)
      throw workFailure(`${name}.sql: unknown parameter '${word}', expected ${checkParameters.join(', ')}.`);
    return known;
  });
  const weight = weights.find((word) => word === (found.get('weight') ?? 'finding'));
  if (weight === undefined) {
    throw workFailure(
      `${name}.sql: unknown weight '${found.get('weight')}', expected ${weights.join(', ')}.`,
    );
  }
  return { name, table, says, needs: list('needs'), weight, params, text };
};

/** All checks of the package: what may be stale first, then by table and name. */
export const loadChecks = (): Check[] =>
  sqlFilesIn('sql/checks')
    .map((file) => parseCheck(file.slice(0, -4), readPackageFile(`sql/checks/${file}`)))
    .sort((one, other) => sortKey(one).localeCompare(sortKey(other)));

const sortKey = ({ weight, table, name }: Check): string =>
  `${weight === 'finding' ? 1 : 0} ${table} ${name}`;
