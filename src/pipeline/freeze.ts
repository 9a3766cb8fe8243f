import { figurePlacements, isSourceSpread } from '../citus/cluster.js';
import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { withRunLock } from '../db/run-lock.js';
import { rollBack, type Session, withTransaction } from '../db/transaction.js';
import { usageFailure, workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { requireMigratedSchema } from '../migrate/migrations.js';
import { firstFew, formatCount, plural } from '../report/format.js';
import { lockLedger, runBatch } from './batch.js';
import { type ComparedDay, compareFrozen, readFrozen } from './frozen.js';
import { closeRun, openRun } from './ledger.js';
import { factsDigest } from './meaning.js';
import { loadSteps } from './order.js';
import { cutBatches, type Day, daysBetween, isDay, type PlannedDay } from './plan.js';
import { drainCapture, recordedZone, todayIn } from './stale.js';

/** How a freeze or a thaw goes about it. */
export interface FreezeOptions {
  /** The command with its arguments, for the ledger. */
  readonly command: string;
  /** Do everything, say what it did, and roll it back. */
  readonly dryRun: boolean;
  readonly waitSeconds: number;
  readonly signal: AbortSignal;
  readonly onWait: (holder: string) => void;
  readonly onWork: (what: string) => void;
}

/** What was frozen. */
export interface FreezeResult {
  /** All days of P before it are frozen now. */
  readonly before: Day;
  readonly firstDay: Day;
  /** Days that were not frozen yet; none: they all were. */
  readonly dayCount: number;
  readonly tapCount: number;
}

/** What was thawed; null where nothing was frozen. */
export interface ThawResult {
  readonly from: Day;
  readonly to: Day;
  readonly dayCount: number;
  /** Taps that were counted and are gone from the source: no longer counted from the next run on. */
  readonly goneCount: number;
  /** Taps that came while the days were frozen: counted from the next run on. */
  readonly lateCount: number;
  /** All days before it are frozen still; null: none is. */
  readonly frozenBefore: Day | null;
}

/**
 * From now on the facts of the days of P before `before` stand in for their taps. One transaction: stopped at any
 * point, all is as it was. Throws a failure in words where one of these days is not processed or not true any more.
 */
export const freeze = (
  database: Database,
  settings: Settings,
  before: Day,
  options: FreezeOptions,
): Promise<FreezeResult> =>
  inLedger(database, settings, options, async (session) => {
    const zone = await recordedZone(session, settings);
    if (await isSourceSpread(session.query))
      throw usageFailure(
        'The taps are spread over the nodes of a Citus cluster, and what is frozen has to be read at one moment, which a cluster does not offer. Leave the old taps where they are; arc-gam status says how large the tables are.',
      );
    if ((await figurePlacements(session.query, settings.schema)).length > 0)
      throw usageFailure(
        'The figures are spread over the nodes of a Citus cluster, and what is frozen has to be read at one moment, which a cluster does not offer. Fetch them back first with: arc-gam distribute --undo',
      );
    await drainCapture(session, zone);
    options.onWork('Comparing the days with their taps');
    const frozen = await readFrozen(session);
    const days = await daysToFreeze(session, zone, before, frozen?.frozen_before ?? null);
    const [first] = days;
    const taps = days.reduce((sum, { tapCount }) => sum + tapCount, 0);
    const bound = frozen !== null && frozen.frozen_before > before ? frozen.frozen_before : before;
    const result = { before: bound, firstDay: frozen?.first_day ?? first?.day ?? before };
    if (first === undefined) return { ...result, dayCount: 0, tapCount: 0 };
    const runId = await openRun(session, options.command, settings.schema);
    await session.query(readPackageFile('sql/freeze/frozen_day.sql'), [first.day, days.at(-1)?.day ?? null]);
    await requireTrueFacts(session, zone, before, first.day, days.at(-1)?.day ?? first.day);
    for (const batch of cutBatches(days, { taps: settings.batchTaps })) {
      options.onWork(`Keeping the places of ${batch[0]?.day} .. ${batch.at(-1)?.day}`);
      await keepPlaces(session, settings, zone, runId, batch);
    }
    options.onWork('Sealing the facts');
    await session.query(readPackageFile('sql/freeze/seal.sql'), [first.day]);
    // They tell which days change when a stranger becomes a user: of these, none does.
    await session.query('delete from unknown_user_day where day < $1::date', [before]);
    await closeInLedger(session, runId, days.length);
    return { ...result, dayCount: days.length, tapCount: taps };
  });

/**
 * The days from `from` on (null: all) follow from their taps again: the next run derives them. Throws a usage failure
 * where taps that are counted are gone from the source, unless `force` says that they shall not count any more.
 */
export const thaw = (
  database: Database,
  settings: Settings,
  { from, force }: { from: Day | null; force: boolean },
  options: FreezeOptions,
): Promise<ThawResult | null> =>
  inLedger(database, settings, options, async (session) => {
    const zone = await recordedZone(session, settings);
    const frozen = await readFrozen(session);
    if (frozen === null || (from !== null && from >= frozen.frozen_before)) return null;
    const first = from === null || from < frozen.first_day ? frozen.first_day : from;
    const days = daysBetween(first, frozen.frozen_before).slice(0, -1);
    options.onWork('Comparing the facts with the taps that are there');
    const compared = await compareFrozen(session, zone, frozen, days);
    const sum = (count: (day: (typeof compared)[number]) => number) =>
      compared.reduce((total, day) => total + count(day), 0);
    const goneCount = sum(({ gone_count }) => gone_count);
    if (goneCount > 0 && !force) throw usageFailure(describeGone(compared, goneCount));
    const runId = await openRun(session, options.command, settings.schema);
    await session.query('delete from frozen_cell where day >= $1::date', [first]);
    await session.query('delete from frozen_day where day >= $1::date', [first]);
    // Whatever the taps say now, the next run reads them.
    await session.query(
      "update processed_day set steps_sha256 = 'thawed' where day = any ($1::text::date[])",
      [`{${days.join(',')}}`],
    );
    await closeInLedger(session, runId, days.length);
    return {
      from: first,
      to: days.at(-1) ?? first,
      dayCount: days.length,
      goneCount,
      lateCount: sum(({ late_count }) => late_count),
      frozenBefore: first === frozen.first_day ? null : first,
    };
  });

const describeGone = (compared: readonly { day: Day; gone_count: number }[], goneCount: number): string => {
  const gone = compared.filter(({ gone_count }) => gone_count > 0);
  const some = gone
    .slice(0, 3)
    .map(({ day, gone_count }) => `${day} (${formatCount(gone_count)})`)
    .join(', ');
  const more = gone.length > 3 ? ` and ${plural(gone.length - 3, 'more day')}` : '';
  return `${plural(goneCount, 'tap')} of ${plural(gone.length, 'frozen day')} ${goneCount === 1 ? 'is' : 'are'} not in the source: ${some}${more}. Thawed, they would count no longer. Bring them back first, or thaw only the days from one on with --from DAY; if they shall not count any more: arc-gam thaw --force`;
};

/**
 * The days before `before` that are not frozen yet. Throws a failure in words where one of them does not agree with its
 * taps.
 */
const daysToFreeze = async (
  session: Session,
  zone: string,
  before: Day,
  frozenBefore: Day | null,
): Promise<PlannedDay[]> => {
  const today = await todayIn(session, zone);
  if (before > today)
    throw usageFailure(
      `--before ${before}: a day can be frozen once it is over, and today is ${today} in ${zone}. Give ${today} or an earlier day.`,
    );
  if (frozenBefore !== null && before <= frozenBefore) return [];
  const steps = loadSteps();
  const ledger = (
    await session.query<{ day: Day; tap_count: number; is_outdated: boolean; is_marked: boolean }>(
      readPackageFile('sql/plan/ledger_day.sql'),
      [factsDigest(steps)],
    )
  ).filter(({ day }) => day < before && (frozenBefore === null || day >= frozenBefore));
  const [first] = ledger;
  const last = ledger.at(-1);
  if (first === undefined || last === undefined)
    throw usageFailure(
      `No day before ${before} is processed, so there is nothing to freeze. Process them first: arc-gam backfill`,
    );
  const to = daysBetween(first.day, before).at(-2) ?? first.day;
  const source = await session.query<{ day: Day; tap_count: number; is_changed: boolean }>(
    readPackageFile('sql/plan/stale_day.sql'),
    [zone, frozenBefore, to],
  );
  const processed = new Map(ledger.map((day) => [day.day, day]));
  const stale = [
    ...source.filter(
      // A tap of before the year 1 is of no day that could be brought up to date.
      ({ day, tap_count, is_changed }) =>
        isDay(day) && (is_changed || (tap_count > 0 && !processed.has(day))),
    ),
    ...ledger.filter(({ is_outdated, is_marked }) => is_outdated || is_marked),
    ...daysBetween(frozenBefore ?? first.day, to)
      .filter((day) => !processed.has(day))
      .map((day) => ({ day })),
  ].map(({ day }) => day);
  const wrong = [...new Set(stale)].sort();
  if (wrong.length > 0)
    throw workFailure(
      `${plural(wrong.length, 'day')} before ${before} ${wrong.length === 1 ? 'is' : 'are'} not as the source says: ${firstFew(wrong)}. What is frozen has to be true. Bring it up to date with: arc-gam etl`,
    );
  return ledger.map(({ day, tap_count }) => ({
    day,
    tapCount: tap_count,
    reason: 'missing',
    isMarked: false,
    isFrozen: false,
  }));
};

/** Throws a failure in words where the facts of the days from .. to are not those of their taps. */
const requireTrueFacts = async (
  session: Session,
  zone: string,
  before: Day,
  from: Day,
  to: Day,
): Promise<void> => {
  const frozen = await readFrozen(session);
  const compared = await session.query<ComparedDay>(readPackageFile('sql/freeze/compared_day.sql'), [
    zone,
    from,
    to,
    frozen?.first_day ?? from,
  ]);
  const wrong = compared.filter(({ gone_count, late_count }) => gone_count + late_count > 0);
  if (wrong.length > 0)
    throw workFailure(
      `The facts of ${plural(wrong.length, 'day')} before ${before} are not those of their taps: ${firstFew(wrong.map(({ day }) => day))}. What is frozen has to be true. Derive it again with: arc-gam verify --full --repair`,
    );
};

/** Cells and hours are facts of many people: who made which of them is known only from the taps. */
const keepPlaces = async (
  session: Session,
  settings: Settings,
  zone: string,
  runId: number,
  days: readonly PlannedDay[],
): Promise<void> => {
  const steps = loadSteps();
  await runBatch(session, {
    zone,
    schema: settings.schema,
    steps: steps.filter(({ name }) => name === 'batch_cell' || name === 'frozen_cell'),
    factsDigest: factsDigest(steps),
    runId,
    days,
    isFreezing: true,
    isSpread: false,
    figures: [],
    mayFill: false,
  });
};

const closeInLedger = async (session: Session, runId: number, dayCount: number): Promise<void> => {
  await session.query(readPackageFile('sql/ledger/frozen.sql'), [runId, dayCount]);
  await closeRun(session, runId, 'done', 0, null);
};

/** One transaction under the run's lock, of which a dry run keeps nothing. */
const inLedger = async <Result>(
  database: Database,
  settings: Settings,
  { command, dryRun, waitSeconds, signal, onWait }: FreezeOptions,
  use: (session: Session) => Promise<Result>,
): Promise<Result> => {
  await requireMigratedSchema(database, settings.schema);
  const lock = { schema: settings.schema, what: command, waitSeconds, signal, onWait };
  return withRunLock(database, lock, () =>
    withTransaction(
      database,
      settings,
      async (session) => {
        const result = await use(session);
        return dryRun ? rollBack(result) : result;
      },
      { signal, before: lockLedger },
    ),
  );
};
