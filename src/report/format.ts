/** A whole number, thousands separated from five digits on: 2026, 12,345. */
export const formatCount = (count: number): string =>
  Math.abs(count) < 10_000 ? String(Math.round(count)) : Math.round(count).toLocaleString('en-US');

/** A duration for people, from milliseconds: 12 ms, 3.4 s, 5 min 12 s. */
export const formatDuration = (milliseconds: number): string => {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

/** `1 day`, `2 days`. */
export const plural = (count: number, singular: string, plural = `${singular}s`): string =>
  `${formatCount(count)} ${count === 1 ? singular : plural}`;

/** Rows as aligned columns under their names; numbers to the right. */
export const formatTable = (rows: readonly Record<string, unknown>[]): string[] => {
  const columns = Object.keys(rows[0] ?? {});
  const text = (value: unknown): string =>
    value === null || value === undefined
      ? '-'
      : typeof value === 'number' && Number.isInteger(value)
        ? formatCount(value)
        : String(value);
  const isNumber = (column: string) => rows.some((row) => typeof row[column] === 'number');
  const widths = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => text(row[column]).length)),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, index) =>
        isNumber(columns[index] ?? '') ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [line(columns), ...rows.map((row) => line(columns.map((column) => text(row[column]))))];
};

/** A size for people, from bytes: 8 kB, 1.4 GB. */
export const formatBytes = (bytes: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const size = bytes / 1024 ** power;
  return `${size >= 10 || power === 0 ? Math.round(size) : size.toFixed(1)} ${units[power]}`;
};
