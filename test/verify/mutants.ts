/** A text with one thing in it changed, and what that was. */
export interface Mutant {
  readonly what: string;
  readonly text: string;
}

const changes: readonly [RegExp, string | ((found: string) => string)][] = [
  [/ >= /g, ' > '],
  [/ <= /g, ' < '],
  [/ > /g, ' >= '],
  [/ < /g, ' <= '],
  [/ <> /g, ' = '],
  [/ is not null/g, ' is null'],
  [/ is null/g, ' is not null'],
  [/ is distinct from /g, ' = '],
  [/ \+ /g, ' - '],
  [/ - /g, ' + '],
  [/ \* /g, ' + '],
  [/ \/ /g, ' * '],
  [/\bmin\(/g, 'max('],
  [/\bmax\(/g, 'min('],
  [/\bsum\(/g, 'max('],
  [/\bcount\(distinct /g, 'count('],
  [/\bdesc\b/g, 'asc'],
  [/\bnot (?!exists|null)/g, ''],
  [/\bnot exists/g, 'exists'],
  [/\bleft join\b/g, 'join'],
  [/(?<=\n *)or /g, 'and '],
  [/(?<=\n *)and /g, 'or '],
  // Whole numbers, but not a part of a name, a type or a longer number, no parameter, and not what exists selects.
  [/(?<![\w$.'-]|\bselect )\d+(?![\w.'])/g, (found) => String(Number(found) + 1)],
];

/** Every text that differs from this one in one operator, function or number. Comments stay. */
export const mutantsOf = (text: string): Mutant[] =>
  changes.flatMap(([pattern, replacement]) =>
    [...text.matchAll(pattern)].flatMap((match): Mutant[] => {
      const { index } = match;
      const lineStart = text.lastIndexOf('\n', index) + 1;
      if (/^\s*--/.test(text.slice(lineStart))) return [];
      const changed = typeof replacement === 'string' ? replacement : replacement(match[0]);
      const line = text.slice(0, index).split('\n').length;
      return [
        {
          what: `line ${line}: '${match[0].trim()}' for '${changed.trim()}'`,
          text: text.slice(0, index) + changed + text.slice(index + match[0].length),
        },
      ];
    }),
  );
