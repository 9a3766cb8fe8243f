import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { usageFailure, workFailure } from '../errors.js';
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

/**
 * Adds settings to a file and makes the file where there is none. Settings that it already has are left alone. Returns
 * the names that were added. Throws a failure where the file can't be written.
 */
export const addSettings = (path: string, settings: readonly Setting[]): string[] => {
  try {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const present = parse(text);
    const fresh = settings.filter(({ variable }) => present[variable] === undefined);
    if (fresh.length === 0) return [];
    const gap = text === '' || text.endsWith('\n') ? '' : '\n';
    const head =
      '# arc-gam, found by `arc-gam init`. No password is in here: give it as PGPASSWORD or in DATABASE_URL.\n';
    writeFileSync(path, `${text}${gap}${text === '' ? '' : '\n'}${head}${settingsText(fresh)}`);
    return fresh.map(({ variable }) => variable);
  } catch (cause) {
    throw workFailure(
      `The settings can't be written to ${path} (${(cause as NodeJS.ErrnoException).code ?? String(cause)}). Give another file with --file, or look at them only with --dry-run.`,
      { cause },
    );
  }
};

/**
 * Settings that the file has with another value than the one that was found, which the next command would go by.
 */
export const otherSettings = (path: string, settings: readonly Setting[]): Setting[] => {
  const present = existsSync(path) ? parse(readFileSync(path, 'utf8')) : {};
  return settings.filter(({ variable, value }) => {
    const there = present[variable];
    return there !== undefined && (variable === 'DATABASE_URL' ? withoutPassword(there) : there) !== value;
  });
};

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
