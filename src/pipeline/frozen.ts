import type { Session } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import { type Day, dayRanges } from './plan.js';

/** The frozen days: those of P before a day. */
export interface Frozen extends Record<string, unknown> {
  readonly first_day: Day;
  /** The first day that is not frozen. */
  readonly frozen_before: Day;
  readonly day_count: number;
  /** Valid taps of these days in the source that count nowhere, because they came too late. */
  readonly late_tap_count: number;
}

/** How many taps of a frozen day are late, where the ledger does not say so yet. */
export interface LateTaps {
  readonly day: Day;
  readonly count: number;
}

/** A frozen day, its facts and its source held against each other. */
export interface ComparedDay extends Record<string, unknown> {
  readonly day: Day;
  /** Taps that are counted and not in the source. */
  readonly gone_count: number;
  /** Taps that are in the source and not counted. */
  readonly late_count: number;
  /** As many of them as the ledger knows of. */
  readonly told_count: number;
}

/** Which days are frozen; null: none. */
export const readFrozen = async (session: Session): Promise<Frozen | null> => {
  const [bound] = await session.query<Frozen>(readPackageFile('sql/freeze/bound.sql'));
  return bound === undefined || bound.day_count === 0 ? null : bound;
};

/** Frozen days on which somebody tapped who is no user any more. */
export const erasedDays = async (session: Session): Promise<Day[]> => {
  const rows = await session.query<{ day: Day }>(readPackageFile('sql/freeze/erased_day.sql'));
  return rows.map(({ day }) => day);
};

/** Holds the facts of frozen days against the source, in whatever order they are given. */
export const compareFrozen = async (
  session: Session,
  zone: string,
  frozen: Frozen,
  days: readonly Day[],
): Promise<ComparedDay[]> => {
  const first = frozen.first_day;
  // What is earlier than all of them is counted with the first.
  const within = [...new Set(days.map((day) => (day < first ? first : day)))].sort();
  const compared: ComparedDay[] = [];
  for (const { from, to } of dayRanges(within)) {
    const isFirst = from === first;
    compared.push(
      ...(await session.query<ComparedDay>(readPackageFile('sql/freeze/compared_day.sql'), [
        zone,
        isFirst ? null : from,
        to,
        first,
      ])),
    );
  }
  return compared;
};

/** Notes how many taps of frozen days count nowhere. */
export const noteLateTaps = async (session: Session, late: readonly LateTaps[]): Promise<void> => {
  if (late.length === 0) return;
  await session.query(readPackageFile('sql/freeze/late_tap.sql'), [
    late.map(({ day }) => day).join(','),
    late.map(({ count }) => count).join(','),
  ]);
};
