/** A whole number, thousands separated from five digits on: 2026, 12,345. */
export const formatCount = (count: number): string =>
  Math.abs(count) < 10_000 ? String(Math.round(count)) : Math.round(count).toLocaleString('en-US');

/** A duration for people, from milliseconds: 12 ms, 3.4 s, 5 min 12 s. */
export const formatDuration = (milliseconds: number): string => {
  // Rounded first, then split into units: 359.7 s is 6 min 0 s, not 5 min 60 s.
  const whole = Math.round(milliseconds);
  if (whole < 1000) return `${whole} ms`;
  const tenths = Math.round(milliseconds / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(milliseconds / 60_000);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

/** `1 day`, `2 days`. */
export const plural = (count: number, singular: string, plural = `${singular}s`): string =>
  `${formatCount(count)} ${count === 1 ? singular : plural}`;

/** A sentence: with a capital, and with a full stop unless its last word is a name that has one (Yusuf D.). */
export const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?。]$/u.test(text) ? '' : '.'}`;

/**
 * Somebody else's text made safe for a terminal: on one line, without characters that move the cursor, change colours
 * or reverse the direction of writing.
 */
export const printable = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');

/** Rows as aligned columns under their names, numbers to the right. Widths are those on a terminal. */
export const formatTable = async (rows: readonly Record<string, unknown>[]): Promise<string[]> => {
  // Loaded here alone: it is 25 ms of a run that has no table to show.
  const { default: stringWidth } = await import('string-width');
  const text = (value: unknown): string =>
    value === null || value === undefined
      ? '-'
      : typeof value === 'number' && Number.isInteger(value)
        ? formatCount(value)
        : printable(String(value));
  const columns = Object.keys(rows[0] ?? {}).map((name) => {
    const cells = [name, ...rows.map((row) => text(row[name]))].map((cell) => ({
      cell,
      width: stringWidth(cell),
    }));
    return {
      cells,
      // Not Math.max of all: there may be more rows than a call can have arguments.
      width: cells.reduce((most, { width }) => Math.max(most, width), 0),
      isNumber: rows.some((row) => typeof row[name] === 'number'),
    };
  });
  const line = (index: number): string =>
    columns
      .map(({ cells, width, isNumber }) => {
        const { cell, width: own } = cells[index] ?? { cell: '', width: 0 };
        const padding = ' '.repeat(width - own);
        return isNumber ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return Array.from({ length: rows.length + 1 }, (_, index) => line(index));
};

/** A size for people, from bytes: 8 kB, 1.4 GB. */
export const formatBytes = (bytes: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const size = bytes / 1024 ** power;
  return `${size >= 10 || power === 0 ? Math.round(size) : size.toFixed(1)} ${units[power]}`;
};

/** The first three of a list, and that there are more. */
export const firstFew = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''}`;
