import { type CaptureState, captureState, setCaptureState } from '../capture/capture.js';
import type { Settings } from '../config.js';
import type { Session } from '../db/transaction.js';
import { usageFailure, workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { mappingNotices } from '../migrate/source.js';
import { plural } from '../report/format.js';
import { compareFrozen, erasedDays, type Frozen, type LateTaps, readFrozen } from './frozen.js';
import {
  addDays,
  type Day,
  type DayState,
  dayRanges,
  daysBetween,
  isDay,
  type PlannedDay,
  planDays,
  type Wanted,
} from './plan.js';

/** Which days a command wants in P, and how far it looks for changes. */
export interface StaleRequest {
  /** First day wanted in P; null: from the first tap on. */
  readonly from: Day | null;
  /** Last day wanted in P; null: yesterday in the zone. */
  readonly to: Day | null;
  /** Whether `to` is wanted in P even if there is no tap at all (etl) or not (backfill). */
  readonly always: boolean;
  /** Whether somebody named `to`: who names a frozen day is refused. */
  readonly isNamed: boolean;
  /** How many days back from `to` the source is looked at; null: all of history. */
  readonly lookbackDays: number | null;
}

export interface StaleDays {
  readonly zone: string;
  /** L before the run; null while P is empty. */
  readonly asOfDay: Day | null;
  readonly days: readonly PlannedDay[];
  /** Days that capture noted and that turned out to be unchanged. */
  readonly unchangedDays: readonly Day[];
  /** Which days are frozen; null: none. */
  readonly frozen: Frozen | null;
  /** Taps of frozen days that count nowhere, where the ledger says another number. */
  readonly lateTaps: readonly LateTaps[];
  /** Whether all of history was compared, so that capture may be relied on once these days are derived. */
  readonly lookedAtAll: boolean;
  /** What the operator should know, for example that capture is broken. */
  readonly notices: readonly string[];
}

/**
 * The zone recorded with the data, also while a rebuild has emptied the tables and the settings name none. Throws if
 * they name another one while there is data.
 */
export const recordedZone = async (session: Session, settings: Settings): Promise<string> => {
  const [recorded] = await session.query<{ zone: string; has_data: boolean }>(
    "select value as zone, exists (select 1 from processed_day) as has_data from setting where key = 'zone'",
  );
  const wanted = settings.zone;
  if (recorded === undefined) return wanted ?? 'UTC';
  if (wanted === undefined) return recorded.zone;
  if (!recorded.has_data) return wanted;
  if (wanted.toLowerCase() !== recorded.zone.toLowerCase()) {
    throw usageFailure(
      `ARC_GAM_TZ is '${wanted}', but the stored figures were computed in '${recorded.zone}': every day would mean something else. Set ARC_GAM_TZ=${recorded.zone}, or compute everything again in the new zone with: arc-gam backfill --rebuild${(await readFrozen(session)) === null ? '' : ' (for which the taps of the frozen days have to be back: arc-gam thaw)'}`,
    );
  }
  return recorded.zone;
};

/**
 * Moves what the triggers noted from the queue into captured_day, as local days of the recorded zone. In the caller's
 * transaction: a change is either still in the queue or already a day to look at.
 */
export const drainCapture = async (session: Session, zone: string): Promise<void> => {
  // What goes unseen until all triggers are there again is looked for then.
  if ((await captureState(session)) === 'broken') await setCaptureState(session, 'pending');
  const [waiting] = await session.query<{ any: boolean }>(
    'select exists (select 1 from change_queue) as any',
  );
  if (!waiting?.any) return;
  const [drained] = await session.query<{ is_everything: boolean }>(
    readPackageFile('sql/capture/drain.sql'),
    [zone],
  );
  if (drained?.is_everything) await setCaptureState(session, 'pending');
};

/** Today's date in a zone, by the database's clock. */
export const todayIn = async (session: Session, zone: string): Promise<Day> => {
  const [now] = await session.query<{ today: Day }>(readPackageFile('sql/plan/today.sql'), [zone]);
  if (now === undefined) throw workFailure('The database did not say what day it is.');
  return now.today;
};

/** Finds every day to derive, in one snapshot; only reads. Throws a usage failure for a day that has not begun. */
export const findStaleDays = async (
  session: Session,
  settings: Settings,
  request: StaleRequest,
  stepsDigest: string,
): Promise<StaleDays> => {
  const zone = await recordedZone(session, settings);
  const today = await todayIn(session, zone);
  const to = request.to ?? addDays(today, -1);
  if (to > today) {
    throw usageFailure(
      `${to} is after today (${today} in ${zone}): a day that has not begun can't be processed. Give ${today} or an earlier day.`,
    );
  }
  const ledger = await session.query<LedgerDay>(readPackageFile('sql/plan/ledger_day.sql'), [stepsDigest]);
  const capture = await captureState(session);
  const asOfDay = ledger.at(-1)?.day ?? null;
  const frozen = await readFrozen(session);
  refuseFrozen(request, frozen);
  const last = asOfDay !== null && asOfDay > to ? asOfDay : to;
  // Compared by Postgres: the texts of days before the year 1 and after 9999 have another order.
  const noted = await session.query<{ day: Day }>('select day from captured_day where day <= $1::date', [
    last,
  ]);
  const captured = noted.map(({ day }) => day);
  const lookback = ledger.length === 0 ? null : request.lookbackDays;
  const begin = lookback === null ? null : addDays(to, 1 - lookback);
  // Before the year 1 there is nothing to look at.
  const span: DayRange = { from: begin !== null && isDay(begin) ? begin : null, to: last };
  const { ranges, frozenDays } =
    ledger.length === 0
      ? { ranges: [span], frozenDays: [] }
      : inQuestion(
          capture === 'ready'
            ? [
                ...captured,
                ...(await missingDays(session, zone, ledger, request, frozen, to)),
                // Whoever says how far back to look does not rely on the triggers there.
                ...(lookback === null ? [] : await suspectDays(session, zone, span)),
              ]
            : await suspectDays(session, zone, span),
          frozen,
        );
  const erased = new Set(
    // Whoever left users is noted by capture with the days of their taps.
    frozen !== null && (capture !== 'ready' || frozenDays.length > 0) ? await erasedDays(session) : [],
  );
  if (erased.size > 0) await refuseWithoutUsers(session);
  const compared = frozen === null ? [] : await compareFrozen(session, zone, frozen, frozenDays);
  const { seen, lostDay } = await readDays(session, zone, ranges);
  if (lostDay !== null && ledger.length === 0 && request.from === null)
    throw usageFailure(
      `The first tap is of ${lostDay}, and days are those of the years 1 to 9999: a wrong clock or a wrong unit. Correct its time, or say from where on days are wanted: arc-gam backfill --from DAY`,
    );
  const states = mergeStates(ledger, seen, erased);
  await refuseBeforeFirstTap(session, request, states, zone);
  const wanted = wantedDays(request, to, states);
  const days = planDays(states, wanted, frozen?.frozen_before);
  const stale = new Set(days.map(({ day }) => day));
  return {
    zone,
    asOfDay,
    days,
    unchangedDays: captured.filter((day) => !stale.has(day)),
    frozen,
    lateTaps: compared
      .filter(({ late_count, told_count }) => late_count !== told_count)
      .map(({ day, late_count }) => ({ day, count: late_count })),
    // Only what was pending here: another may have switched capture on since, or a trigger may be off.
    lookedAtAll: lookback === null && capture === 'pending',
    notices: [
      ...(await mappingNotices(session.query, settings.source)),
      ...noticesOf(request, days, { capture, lostDay, frozen, erasedCount: erased.size }),
    ],
  };
};

/** What the operator should know of the days that were found. */
const noticesOf = (
  { from }: StaleRequest,
  [first, ...others]: readonly PlannedDay[],
  {
    capture,
    lostDay,
    frozen,
    erasedCount,
  }: { capture: CaptureState; lostDay: string | null; frozen: Frozen | null; erasedCount: number },
): string[] => [
  ...(first !== undefined && others.length >= mostLikelyDays
    ? [
        `The first of these days is ${first.day}: if the time of a tap is wrong, correct it now, for days that are processed stay. Those of a wrong time are given up only by: arc-gam backfill --rebuild`,
      ]
    : []),
  ...(capture === 'broken'
    ? [
        'A trigger of capture is missing or switched off, a table has parts now, or the mapping reads a further table: all of history is compared instead. Mend it, or be told why not, with: arc-gam capture on',
      ]
    : []),
  ...(lostDay !== null
    ? [
        `A tap of ${lostDay} counts nowhere, for days are those of the years 1 to 9999: a wrong clock or a wrong unit. Correct its time.`,
      ]
    : []),
  ...(frozen !== null && from !== null && isBefore(from, frozen)
    ? [
        `The days before ${frozen.frozen_before} are frozen: they are left as they are, and the span begins with ${frozen.frozen_before}.`,
      ]
    : []),
  ...(erasedCount > 0
    ? [
        `On ${plural(erasedCount, 'frozen day')} people tapped who are no users any more: their figures go, and as the taps of these days are not read again, nothing brings them back should they become users again.`,
      ]
    : []),
];

const isBefore = (day: Day, frozen: Frozen | null): boolean => frozen !== null && day < frozen.frozen_before;

/** Whoever names a frozen day wants it derived again. Throws a usage failure. */
const refuseFrozen = ({ to, isNamed }: StaleRequest, frozen: Frozen | null): void => {
  if (frozen === null || to === null || !isNamed || !isBefore(to, frozen)) return;
  throw usageFailure(
    `${to} is frozen, as are all days before ${frozen.frozen_before}: their figures stay as they are, and their taps are not read again. Give ${frozen.frozen_before} or a later day; if the taps are back in the source, let them count with: arc-gam thaw`,
  );
};

/**
 * The taps of frozen days are gone, so nothing brings back the facts of people who are erased from them. Throws a
 * failure where that would be everybody.
 */
const refuseWithoutUsers = async (session: Session): Promise<void> => {
  const [users] = await session.query<{ any: boolean }>('select exists (select 1 from app_user) as any');
  if (users?.any) return;
  throw workFailure(
    "The application's users are empty: a run would erase everybody from the frozen days, whose taps are gone. Nothing was changed. Bring the users back, or give the frozen days up first: arc-gam thaw --force",
  );
};

type LedgerDay = { day: Day; tap_count: number; is_outdated: boolean; is_marked: boolean };
type SourceDay = { day: Day; tap_count: number; is_changed: boolean };

/**
 * Postgres can't know that the taps are of few days. It would expect a result row for each tap, and for that reason not
 * read them in parallel.
 */
const fewDays = 'set local parallel_tuple_cost = 0.001';
const manyRows = 'set local parallel_tuple_cost to default';

/** No application has taps of a hundred years: one of them has a time that was never set, such as 0001-01-01. */
const mostLikelyDays = 36_525;

/** A day from which null: the first that there is. */
interface DayRange {
  readonly from: Day | null;
  readonly to: Day;
}

/** Where taps of no day that there is are found: those of before the year 1. */
const beforeAllDays: DayRange = { from: null, to: '0001-01-01' };

/** Cuts the days to look at into what is read of the source, and the frozen ones, whose taps are not. */
const inQuestion = (
  candidates: readonly Day[],
  frozen: Frozen | null,
): { ranges: DayRange[]; frozenDays: Day[] } => {
  const days = [...new Set(candidates.filter(isDay))].sort();
  const ranges: DayRange[] = dayRanges(days.filter((day) => !isBefore(day, frozen)));
  const frozenDays = days.filter((day) => isBefore(day, frozen));
  if (candidates.every(isDay)) return { ranges, frozenDays };
  return {
    ranges: [beforeAllDays, ...ranges],
    frozenDays: frozen === null ? frozenDays : [frozen.first_day, ...frozenDays],
  };
};

/** What the source has of these days now, and the first of its days that is none of the years 1 to 9999. */
const readDays = async (
  session: Session,
  zone: string,
  ranges: readonly DayRange[],
): Promise<{ seen: ReadonlyMap<Day, SourceDay>; lostDay: string | null }> => {
  const seen = new Map<Day, SourceDay>();
  let lostDay: string | null = null;
  if (ranges.length > 0) await session.script(fewDays);
  for (const { from, to } of ranges) {
    const statement = readPackageFile('sql/plan/stale_day.sql');
    for (const day of await session.query<SourceDay>(statement, [zone, from, to])) {
      if (isDay(day.day)) seen.set(day.day, day);
      else if (day.tap_count > 0) lostDay ??= day.day;
    }
  }
  if (ranges.length > 0) await session.script(manyRows);
  return { seen, lostDay };
};

/** Without capture: the days that remain suspect after one pass over the taps, which joins no users. */
const suspectDays = async (session: Session, zone: string, { from, to }: DayRange): Promise<Day[]> => {
  await session.script(fewDays);
  const days = await session.query<{ day: Day }>(readPackageFile('sql/plan/suspect_day.sql'), [
    zone,
    from,
    to,
  ]);
  await session.script(manyRows);
  return days.map(({ day }) => day);
};

/**
 * With capture: the days that are wanted and not processed. The first tap is asked for each time: what came before the
 * first processed day may have been looked at when it was not wanted, frozen or a stranger's.
 */
const missingDays = async (
  session: Session,
  zone: string,
  ledger: readonly LedgerDay[],
  { from, lookbackDays }: StaleRequest,
  frozen: Frozen | null,
  to: Day,
): Promise<Day[]> => {
  const processed = new Set(ledger.map(({ day }) => day));
  const first = from ?? (lookbackDays === null ? await firstDay(session, zone) : ledger[0]?.day) ?? to;
  return daysBetween(frozen !== null && isBefore(first, frozen) ? frozen.frozen_before : first, to).filter(
    (day) => !processed.has(day),
  );
};

/** The day of the first valid tap, or the first processed day if that is earlier. */
const firstDay = async (session: Session, zone: string): Promise<Day | null> => {
  const [first] = await session.query<{ day: Day | null }>(readPackageFile('sql/plan/first_day.sql'), [zone]);
  return first?.day ?? null;
};

const mergeStates = (
  ledger: readonly LedgerDay[],
  seen: ReadonlyMap<Day, SourceDay>,
  erased: ReadonlySet<Day>,
): DayState[] => {
  const states = new Map<Day, DayState>();
  for (const { day, tap_count } of seen.values()) {
    states.set(day, {
      day,
      tap_count,
      is_processed: false,
      is_changed: false,
      is_outdated: false,
      is_marked: false,
      is_erased: false,
    });
  }
  for (const { day, tap_count, is_outdated, is_marked } of ledger) {
    const source = seen.get(day);
    states.set(day, {
      day,
      tap_count: source?.tap_count ?? tap_count,
      is_processed: true,
      is_changed: source?.is_changed ?? false,
      is_outdated,
      is_marked,
      is_erased: erased.has(day),
    });
  }
  return [...states.values()].sort((one, other) => (one.day < other.day ? -1 : 1));
};

/**
 * Refuses a day before the first tap, which is most likely a typing error and would make a gap of every day after it.
 * To process it, give it as `from`. Throws a usage failure.
 */
const refuseBeforeFirstTap = async (
  session: Session,
  { from, to }: StaleRequest,
  states: readonly DayState[],
  zone: string,
): Promise<void> => {
  if (from !== null || to === null) return;
  if (states.some((state) => state.day <= to && (state.tap_count > 0 || state.is_processed))) return;
  const day = await firstDay(session, zone);
  if (day === null || day <= to) return;
  throw usageFailure(
    `${to} is before the first tap (${day} in ${zone}), so there is nothing to process. Give ${day} or a later day; if the days before it are wanted as days without a tap, name them with: arc-gam backfill --from ${to}`,
  );
};

/** From the first tap or the first processed day on, whichever is earlier, unless the command says from where. */
const wantedDays = (request: StaleRequest, to: Day, states: readonly DayState[]): Wanted | null => {
  if (request.from !== null) return { from: request.from, to };
  const first = states.find((state) => state.tap_count > 0 || state.is_processed)?.day;
  if (first === undefined && !request.always) return null;
  return { from: first !== undefined && first < to ? first : to, to };
};
