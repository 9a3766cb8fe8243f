import { filledFile } from '../sql-text.js';

/** The table that holds what was read of the taps, with the columns of classified_tap. */
export const readingTable = 'source_reading';

/** The statement that fills it with the taps in the stretches of time that another table holds. */
export const readingOf = (ranges: 'batch_range' | 'verify_stretch'): string =>
  filledFile('sql/citus/reading.sql', { ranges });

/** A statement over classified_tap as one over what was read of it. */
export const fromReading = (text: string): string => text.replace(/\bclassified_tap\b/g, readingTable);

/**
 * A statement over distributed tables in which each common table expression is asked for by itself. Taken into one
 * another, as Postgres does, Citus refuses some of them, and answers some wrongly without an error.
 */
export const partByPart = (text: string): string =>
  text.replace(/^((?:with|\),) \w+) as \(/gm, '$1 as materialized (');
