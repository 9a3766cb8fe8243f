import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { Failure, usageFailure, workFailure } from '../errors.js';
import { sentence } from '../report/format.js';

/** One line of a settings file, and what is said above it. */
export interface Setting {
  readonly variable: string;
  readonly value: string;
  readonly why: string;
}

/** Settings in the form of a .env file, a comment above each. Any value can be read back unchanged. */
export const settingsText = (settings: readonly Setting[]): string =>
  settings
    .map(
      ({ variable, value, why }) => `# ${sentence(why.replace(/\s+/g, ' '))}\n${variable}=${quoted(value)}\n`,
    )
    .join('');

/** Names of the settings that a file was given, and of those that it had already with another value. */
export interface Settled {
  readonly added: readonly string[];
  readonly others: readonly string[];
}

/** Whoever gives another database or schema than the file has means it, and the next command would not go there. */
const decisive = ['DATABASE_URL', 'ARC_GAM_SCHEMA'];

/**
 * Adds settings to a file and makes the file where there is none. Settings that it already has are left alone. Throws a
 * usage failure where it names another database or schema, and a failure where it can't be written.
 */
export const addSettings = (path: string, settings: readonly Setting[]): Settled => {
  try {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const present = parse(text);
    const fresh = settings.filter(({ variable }) => present[variable] === undefined);
    const others = settings
      .filter((setting) => isOther(setting, present[setting.variable]))
      .map(({ variable }) => variable);
    const elsewhere = others.filter((variable) => decisive.includes(variable));
    if (elsewhere.length > 0) {
      throw usageFailure(
        `${path} has another ${elsewhere.join(' and ')} than was given, and the next command would go by that. Change it there, or write to another file with --file. Nothing was written.`,
      );
    }
    if (fresh.length === 0) return { added: [], others };
    const gap = text === '' || text.endsWith('\n') ? '' : '\n';
    const head =
      '# arc-gam, found by `arc-gam init`. No password is in here: give it as PGPASSWORD or in DATABASE_URL.\n';
    writeFileSync(path, `${text}${gap}${text === '' ? '' : '\n'}${head}${settingsText(fresh)}`);
    return { added: fresh.map(({ variable }) => variable), others };
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw workFailure(
      `The settings can't be written to ${path} (${(cause as NodeJS.ErrnoException).code ?? String(cause)}). Give another file with --file, or look at them only with --dry-run.`,
      { cause },
    );
  }
};

const isOther = ({ variable, value }: Setting, there: string | undefined): boolean =>
  there !== undefined && (variable === 'DATABASE_URL' ? withoutPassword(there) : there) !== value;

/** A database URL without its password, whether that is in the user part or in the query. */
export const withoutPassword = (url: string): string => {
  try {
    const parsed = new URL(url);
    parsed.password = '';
    parsed.searchParams.delete('password');
    return parsed.href;
  } catch {
    // The URL class can't parse an address with a socket folder as its host; such a URL is not written to the file.
    return '';
  }
};

const quoted = (value: string): string => {
  if (/^[\w.,/:+-]*$/.test(value)) return value;
  const hasBackslash = value.includes('\\');
  // In double quotes a backslash begins a line break or the like. Backquotes are the last way: systemd keeps them, and
  // a shell would run what is between them.
  const marks = hasBackslash ? ["'", '"', '`'] : ['"', "'", '', '`'];
  const quote = marks.find(
    (mark) => (mark === '' || !value.includes(mark)) && parse(`X=${mark}${value}${mark}`).X === value,
  );
  if (quote === undefined || value.includes('\n')) {
    throw usageFailure(`A settings file can't hold this value: ${value}. Set it in the environment.`);
  }
  return `${quote}${value}${quote}`;
};
