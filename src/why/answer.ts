import type { Session } from '../db/transaction.js';
import { usageFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import type { Day } from '../pipeline/plan.js';
import { loadChecks } from '../verify/check.js';
import { comparisonOf } from '../verify/comparison.js';
import type { Clock } from '../verify/scope.js';

export const whyKinds = ['streak', 'edge', 'day', 'week', 'rank', 'quest'] as const;
export type WhyKind = (typeof whyKinds)[number];

/** One number as recomputed from the source and as stored; null where there is no row. */
export interface Figure {
  readonly name: string;
  readonly computed: string | null;
  readonly stored: string | null;
}

/** An answer, as a person would give it. */
export interface Explanation {
  readonly kind: WhyKind;
  readonly lines: readonly string[];
  readonly figures: readonly Figure[];
}

export interface WhyQuestion {
  readonly kind: WhyKind;
  readonly user: string;
  readonly other: string | null;
  /** A day; its week for week, rank and quest. Null: the user's latest active day. */
  readonly date: Day | null;
}

export interface Tap extends Record<string, unknown> {
  day: Day;
  local_time: string;
  partner_id: string;
  partner_name: string;
}

/** What every explanation starts from: the user's taps, and verify's recomputation of what follows from them. */
export interface Asked {
  readonly session: Session;
  readonly clock: Clock;
  readonly question: WhyQuestion;
  readonly name: string;
  readonly taps: readonly Tap[];
  /** The day asked for, else the user's latest active day. */
  readonly day: Day;
}

/** The rows of a file of sql/why. */
export const rowsOf = <Row extends Record<string, unknown>>(
  session: Session,
  name: string,
  values: readonly string[],
): Promise<Row[]> => session.query<Row>(readPackageFile(`sql/why/${name}.sql`), values);

/** Throws a usage failure for an unknown user. */
export const nameOf = async (session: Session, user: string): Promise<string> => {
  const [found] = await rowsOf<{ name: string }>(session, 'user_name', [user]);
  if (found === undefined) throw usageFailure(`There is no user ${user} in the application's users.`);
  return found.name;
};

interface CheckedFigure extends Record<string, unknown> {
  column_name: string;
  stored: string | null;
  expected: string | null;
  differs: boolean;
}

/**
 * The figures of those rows of a check that satisfy `where`, named by their column. Two values are equal if verify says
 * so.
 */
export const figuresOf = async (
  session: Session,
  checkName: string,
  where: string,
  values: readonly string[],
  nameIt = (row: CheckedFigure): string => row.column_name,
): Promise<Figure[]> => {
  const check = loadChecks().find(({ name }) => name === checkName);
  if (check === undefined) throw new Error(`There is no check ${checkName}.`);
  const rows = await session.query<CheckedFigure>(comparisonOf(check, 'all', where), values);
  return rows.map((row) => ({
    name: nameIt(row),
    computed: row.stored !== null && row.expected !== null && !row.differs ? row.stored : row.expected,
    stored: row.stored,
  }));
};

/** A figure recomputed from the source, as a number; 0 where there is none. */
export const computed = (figures: readonly Figure[], name: string): number =>
  Number(figures.find((figure) => figure.name === name)?.computed ?? 0);

/** At most so many of the lines of a list, and how many more there are. */
export const listed = (lines: readonly string[], most = 20): string[] =>
  lines.length <= most ? [...lines] : [...lines.slice(0, most), `  and ${lines.length - most} more`];

/** A tap in a list: its local time, and with whom. */
export const tapLine = (tap: Tap): string => `  ${tap.local_time}  with ${tap.partner_name}`;
