import { readPackageFile } from './files.js';

/** A part of a .sql file, which begins with a line `--: name argument`. What stands before all of them has no name. */
export interface Section {
  readonly name: string;
  readonly argument: string;
  /** The number of its first line in the file, 1 for the first. */
  readonly line: number;
  /** From its first word of SQL to its last line. */
  readonly text: string;
}

/** Cuts a file at its `--: name` lines. Never empty. */
export const sectionsOf = (text: string): [Section, ...Section[]] => {
  const first = { name: '', argument: '', line: 1, lines: [] as string[] };
  const sections = [first];
  let current = first;
  // Not `for ... of entries()`: for the 5,000 lines of all steps that is four milliseconds of each command.
  text.split('\n').forEach((line, index) => {
    const mark = line.startsWith('--:') ? /^--:\s*(\S*)\s*(\S*)/.exec(line) : null;
    if (mark === null) {
      current.lines.push(line);
      return;
    }
    current = { name: mark[1] ?? '', argument: mark[2] ?? '', line: index + 1, lines: [] };
    sections.push(current);
  });
  const [head = first, ...others] = sections;
  return [sectionOf(head), ...others.map(sectionOf)];
};

const sectionOf = ({ lines, ...section }: Omit<Section, 'text'> & { lines: readonly string[] }): Section => {
  const begin = lines.findIndex((line) => line.trim() !== '' && !line.startsWith('--'));
  return { ...section, text: begin < 0 ? '' : lines.slice(begin).join('\n').trimEnd() };
};

/**
 * Fills in the words in double braces. Throws, naming `file`, if nothing is given for one of them. A word is taken as
 * it is: whoever gives it has quoted it.
 */
export const filled = (file: string, text: string, words: Readonly<Record<string, string>>): string =>
  text.replace(/\{\{(\w+)\}\}/g, (_, word: string) => {
    const given = words[word];
    if (given === undefined) throw new Error(`${file}: nothing is given for {{${word}}}.`);
    return given;
  });

/** What fills in the words of a section of a file of the package, by the section's name. Throws if there is none. */
export const sectionFiller = (
  file: string,
): ((section: string, words?: Readonly<Record<string, string>>) => string) => {
  const sections = new Map(sectionsOf(readPackageFile(file)).map(({ name, text }) => [name, text]));
  return (section, words = {}) => {
    const text = sections.get(section);
    if (text === undefined) throw new Error(`${file} has no section '${section}'`);
    return filled(file, text, words);
  };
};

/** A file of the package with its words filled in, as `filled` does. */
export const filledFile = (file: string, words: Readonly<Record<string, string>>): string =>
  filled(file, readPackageFile(file), words);
