import type { Reason } from '../report/reporter.js';

/** A local calendar date, YYYY-MM-DD. */
export type Day = string;

const dayMs = 86_400_000;
const toMs = (day: Day): number => Date.parse(`${day}T00:00:00Z`);

/** The day `count` days after `day` (before it, if negative). */
export const addDays = (day: Day, count: number): Day =>
  new Date(toMs(day) + count * dayMs).toISOString().slice(0, 10);

/** All days from `from` to `to`, both included; none if `to` is before `from`. */
export const daysBetween = (from: Day, to: Day): Day[] => {
  const count = Math.max(0, Math.round((toMs(to) - toMs(from)) / dayMs) + 1);
  return Array.from({ length: count }, (_, index) => addDays(from, index));
};

/** Whether a text is a calendar date of the years 1 to 9999 written YYYY-MM-DD. */
export const isDay = (text: string): boolean =>
  /^(?!0000)\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(toMs(text)) && addDays(text, 0) === text;

/** What the source and the ledger say of one day. */
export interface DayState {
  readonly day: Day;
  /** Valid taps in the source. */
  readonly tap_count: number;
  readonly is_processed: boolean;
  /** The source no longer says what the ledger says. */
  readonly is_changed: boolean;
  /** Derived by steps whose SQL meant something else than today's. */
  readonly is_outdated: boolean;
  /** Marked by verify --repair. */
  readonly is_marked: boolean;
  /** Frozen, and facts of it are of somebody who is no user any more. */
  readonly is_erased: boolean;
}

export interface PlannedDay {
  readonly day: Day;
  readonly tapCount: number;
  readonly reason: Reason;
  /** Marked by verify --repair: its rows are compared even where its taps are as they were. */
  readonly isMarked: boolean;
  /** Its stored facts stand in for its taps. */
  readonly isFrozen: boolean;
}

/** The days that a command wants in P, both included. */
export interface Wanted {
  readonly from: Day;
  readonly to: Day;
}

/**
 * The days to derive, ascending: every day of P that is stale, wherever it is, and every wanted day that is not in P.
 * Days before `frozenBefore` are frozen: nothing of their source makes one of them stale, and none is added to P.
 */
export const planDays = (
  states: readonly DayState[],
  wanted: Wanted | null,
  frozenBefore: Day | null = null,
): PlannedDay[] => {
  const planned = new Map<Day, PlannedDay>();
  const stateOf = new Map(states.map((state) => [state.day, state]));
  for (const state of states) {
    const isFrozen = frozenBefore !== null && state.day < frozenBefore;
    const reason = staleReason(state, isFrozen);
    if (reason !== undefined)
      planned.set(state.day, {
        day: state.day,
        tapCount: state.tap_count,
        reason,
        isMarked: state.is_marked,
        isFrozen,
      });
  }
  if (wanted !== null) {
    const from = frozenBefore !== null && frozenBefore > wanted.from ? frozenBefore : wanted.from;
    for (const day of daysBetween(from, wanted.to)) {
      const state = stateOf.get(day);
      if (state?.is_processed) continue;
      planned.set(day, {
        day,
        tapCount: state?.tap_count ?? 0,
        reason: 'missing',
        isMarked: false,
        isFrozen: false,
      });
    }
  }
  return [...planned.values()].sort((one, other) => (one.day < other.day ? -1 : 1));
};

const staleReason = (state: DayState, isFrozen: boolean): Reason | undefined => {
  if (!state.is_processed) return undefined;
  if (isFrozen) return state.is_marked ? 'marked' : state.is_erased ? 'erased' : undefined;
  if (state.is_changed) return 'changed';
  if (state.is_outdated) return 'outdated';
  return state.is_marked ? 'marked' : undefined;
};

/** How batches are cut: after a number of days, or once they hold a number of taps. */
export type BatchSize = { readonly days: number } | { readonly taps: number };

/** Cuts ascending days into batches; a batch has at least one day. */
export const cutBatches = (days: readonly PlannedDay[], size: BatchSize): PlannedDay[][] => {
  const batches: PlannedDay[][] = [];
  let batch: PlannedDay[] = [];
  let taps = 0;
  for (const day of days) {
    const full = 'days' in size ? batch.length >= size.days : taps + day.tapCount > size.taps;
    if (batch.length > 0 && full) {
      batches.push(batch);
      batch = [];
      taps = 0;
    }
    batch.push(day);
    taps += day.tapCount;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
};

/** Stretches of consecutive days, as first and last day: each is one range to read from the source. */
export const dayRanges = (days: readonly Day[]): { from: Day; to: Day }[] => {
  const ranges: { from: Day; to: Day }[] = [];
  for (const day of days) {
    const last = ranges.at(-1);
    if (last !== undefined && addDays(last.to, 1) === day) last.to = day;
    else ranges.push({ from: day, to: day });
  }
  return ranges;
};
