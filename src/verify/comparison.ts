import { filledFile } from '../sql-text.js';
import type { Check } from './check.js';

const quoted = (column: string): string => `"${column}"`;

/** The mark for rows that belong to nobody: it makes the next run remove all of them. */
const nobody = "uuid '00000000-0000-0000-0000-000000000000'";

const wordsOf = ({ key, day, markDay, markUser }: Check) => ({
  key: key.join(', '),
  day: day ?? 'null::date',
  mark_day: markDay ?? 'null::date',
  mark_user: markUser === 'nobody' ? nobody : (markUser ?? 'null::uuid'),
});

/**
 * A SELECT with a row for each figure of a check: key, column_name, stored and expected as text, differs, and what a
 * repair has to derive again. `differing`: only figures that differ; `all`: every figure of the rows that satisfy
 * `where`, a condition on the key. Throws for a check that compares nothing.
 */
export const comparisonOf = (check: Check, which: 'differing' | 'all', where = 'true'): string => {
  if ('broken' in check.query) throw new Error(`${check.name} compares nothing.`);
  const [first = ''] = check.key;
  const isExpected = `(expected.${first} is not null)`;
  const isStored = `(stored.${first} is not null)`;
  const figures = check.compared.map((column) => {
    const excuse = check.excused.get(column);
    const name = quoted(column);
    const differs = `${isExpected} and ${isStored} and stored.${name} is distinct from expected.${name}`;
    return `,
    (
      '${column}',
      stored.${name}::text,
      expected.${name}::text,
      ${differs}${excuse === undefined ? '' : `\n        and (${excuse}) is not true`}
    )`;
  });
  const columnsOf = (side: string) => check.compared.map((column) => `${side}.${quoted(column)}`).join(', ');
  const differing = [
    `(${isStored} <> ${isExpected}`,
    ...(check.compared.length === 0
      ? []
      : [`    or (${columnsOf('stored')}) is distinct from (${columnsOf('expected')})`]),
    '  )',
    '  and figure.differs',
  ].join('\n');
  return filledFile('sql/verify/comparison.sql', {
    ...wordsOf(check),
    ...check.query,
    is_expected: isExpected,
    is_stored: isStored,
    figures: figures.join(''),
    is_told: which === 'differing' ? differing : `figure.column_name <> 'row'\n  and ${where}`,
    which: which === 'differing' ? 'differ' : 'are asked for',
  });
};

/** The statement that keeps the findings of a check and counts them. */
export const findingsOf = (check: Check): string => {
  const { key } = check;
  const found =
    'broken' in check.query
      ? filledFile('sql/verify/broken.sql', { ...wordsOf(check), ...check.query })
      : comparisonOf(check, 'differing');
  const columns = key.map((column) => `found.${column}`);
  const words = key.map((column) => `${column} %s`).join(', ');
  const user = key.find((column) => column === 'user_id' || column === 'u1');
  return filledFile('sql/verify/finding.sql', {
    found,
    words: key.join() === 'key' ? 'found.key' : `format('${words}', ${columns.join(', ')})`,
    user: user === undefined ? 'null::uuid' : `found.${user}`,
    other: key.includes('u2') ? 'found.u2' : 'null::uuid',
  });
};
