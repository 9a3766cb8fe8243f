/** Comments, quoted texts and names, bodies of functions, and the words and the sign at which a statement may end. */
const token =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$\w*\$)[\s\S]*?\1|\bbegin\s+atomic\b|\b(?:case|end)\b|;/gi;

/**
 * The statements of a script, each without its semicolon. Citus passes a change of a distributed table on to the nodes
 * as the text in which it came, and these take one statement at a time. Knows no strings with escapes (E'...').
 */
export const statementsIn = (script: string): string[] => {
  const found: string[] = [];
  let start = 0;
  /** How many begin atomic and case have not ended. */
  let depth = 0;
  for (const match of script.matchAll(token)) {
    const word = match[0].toLowerCase();
    if (/^begin\s/.test(word)) depth += 1;
    else if (word === 'case' && depth > 0) depth += 1;
    else if (word === 'end' && depth > 0) depth -= 1;
    else if (word === ';' && depth === 0) {
      found.push(script.slice(start, match.index));
      start = match.index + 1;
    }
  }
  found.push(script.slice(start));
  return found
    .map((statement) => statement.trim())
    .filter((statement) => statement.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '').trim() !== '');
};
