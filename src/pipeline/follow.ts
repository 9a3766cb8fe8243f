import { setTimeout as sleep } from 'node:timers/promises';
import { captureState } from '../capture/capture.js';
import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { isLostConnection, toFailure } from '../db/failure.js';
import { withRunLock } from '../db/run-lock.js';
import { type Session, withTransaction } from '../db/transaction.js';
import { exitCode, Failure, usageFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { requireMigratedSchema } from '../migrate/migrations.js';
import { formatCount, formatDuration, plural } from '../report/format.js';
import type { Reporter, RunReport, StepResult } from '../report/reporter.js';
import { addUp } from '../report/steps.js';
import { closeRun, openRun, recordSteps, stepsOf } from './ledger.js';
import type { Day } from './plan.js';
import { runPipeline } from './run.js';
import { recordedZone } from './stale.js';

/** How a follow goes about it. */
export interface FollowOptions {
  /** Milliseconds between a look at the queue and the next. */
  readonly everyMs: number;
  /** One cycle, and that is all. */
  readonly once: boolean;
  readonly signal: AbortSignal;
}

interface Waiting extends Record<string, unknown> {
  readonly today: Day;
  readonly age_ms: number | null;
  readonly has_change: boolean;
  readonly has_mark: boolean;
  readonly has_quest: boolean;
  readonly as_of_day: Day | null;
}

/** Homes are not captured, so a cycle looks at least this often. */
const atLeastEveryMs = 300_000;

const minuteMs = 60_000;
const longestPauseMs = 30_000;

/** A cycle under way when the signal comes may end by itself for so long, then it is rolled back. */
const graceMs = 2_000;

/**
 * Keeps the rollups up to now until the signal comes: the nightly run's own path, again and again with today as its day.
 * Throws a usage failure without capture or without the right to write. A lost server is waited for without end.
 */
export const follow = async (
  database: Database,
  settings: Settings,
  options: FollowOptions,
  reporter: Reporter,
): Promise<void> => {
  const following = new Following(database, settings, options, reporter);
  await following.prepare();
  for (let pauseMs = 500; !options.signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      await following.whileLocked();
      break;
    } catch (error) {
      if (options.signal.aborted) break;
      if (options.once || !isLostConnection(error)) throw error;
      if (following.hasWorked()) pauseMs = 500;
      following.lost(error);
      await pause(pauseMs, options.signal);
    }
  }
  await following.end();
};

/** Sleeps, but not longer than until the signal comes. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);

class Following {
  private zone = 'UTC';
  private runId: number | null = null;
  private worked = false;
  private lastCycleAt = 0;
  private lastLineAt = performance.now();
  private lostLineAt = Number.NEGATIVE_INFINITY;
  private readonly begun = performance.now();
  private readonly steps = new Map<string, StepResult>();
  private readonly told = new Set<string>();
  /** Since the last line and the last note. */
  private minute = { taps: 0, cycleMs: [] as number[], lagMs: [] as number[] };
  private readonly total = { taps: 0, cycles: 0, worstMs: 0, worstLagMs: 0 };

  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly options: FollowOptions,
    private readonly reporter: Reporter,
  ) {}

  /** What a follow needs, said before it begins. */
  async prepare(): Promise<void> {
    await requireMigratedSchema(this.database, this.settings.schema);
    await this.transaction(async (session) => {
      this.zone = await recordedZone(session, this.settings);
      const capture = await captureState(session);
      if (capture === 'off' || capture === 'broken')
        throw usageFailure(
          `follow needs capture, which ${capture === 'off' ? 'is off' : 'is broken: a trigger is missing or switched off'}: without it nothing says which days changed. Switch it on with: arc-gam capture on`,
        );
      const [right] = await session.query<{ may_write: boolean }>(
        "select has_table_privilege('processed_day', 'insert, update, delete') as may_write",
      );
      if (right?.may_write !== true)
        throw usageFailure(
          `'${this.database.target.user}' may not write the rollups. Follow as the job's role: arc-gam grants prints the SQL.`,
        );
    });
  }

  /** One follow at a time: holds the follow's own lock, and cycles. Another one waits to take over. */
  whileLocked(): Promise<void> {
    const { signal } = this.options;
    const lock = {
      schema: `${this.settings.schema} follow`,
      what: 'follow',
      waitSeconds: this.options.once ? 0 : Number.POSITIVE_INFINITY,
      signal,
      onWait: (holder: string) =>
        this.reporter.notice(`Another follow is at work: ${holder}. Waiting to take over.`),
    };
    return withRunLock(this.database, lock, async (held) => {
      do {
        if (!held.isHeld()) await held.retake();
        const waiting = await this.look();
        if (this.options.once || this.isDue(waiting)) await this.cycle(waiting);
        await this.note();
        if (!this.options.once) await pause(this.options.everyMs, signal);
      } while (!this.options.once && !signal.aborted);
    });
  }

  hasWorked(): boolean {
    const { worked } = this;
    this.worked = false;
    return worked;
  }

  lost(error: unknown): void {
    if (performance.now() - this.lostLineAt < minuteMs) return;
    this.lostLineAt = performance.now();
    this.reporter.notice(`${toFailure(error).message} Waiting for the server.`);
  }

  async end(): Promise<void> {
    await this.note(true).catch(() => undefined);
    if (this.runId !== null) {
      const runId = this.runId;
      await this.transaction((session) => closeRun(session, runId, 'done', 0, null)).catch(() => undefined);
    }
    const { taps, cycles, worstMs, worstLagMs } = this.total;
    this.reporter.say(
      'followed',
      {
        taps,
        cycles,
        worst_cycle_ms: worstMs,
        worst_lag_ms: worstLagMs,
        duration_ms: Math.round(performance.now() - this.begun),
      },
      [
        `Followed for ${formatDuration(performance.now() - this.begun)}: ${plural(cycles, 'cycle')}, ${plural(taps, 'tap')} read, the longest cycle ${formatDuration(worstMs)}.`,
      ],
    );
  }

  private transaction<Result>(use: (session: Session) => Promise<Result>): Promise<Result> {
    return withTransaction(this.database, this.settings, use);
  }

  private async look(): Promise<Waiting> {
    const [waiting] = await withTransaction(
      this.database,
      this.settings,
      (session) => session.query<Waiting>(readPackageFile('sql/follow/waiting.sql'), [this.zone]),
      { readOnly: true },
    );
    if (waiting === undefined) throw new Error('the database did not say what waits');
    this.worked = true;
    return waiting;
  }

  /** Something waits, the local day turned, or nobody has looked for a while. */
  private isDue(waiting: Waiting): boolean {
    return (
      waiting.has_change ||
      waiting.has_mark ||
      waiting.has_quest ||
      waiting.as_of_day !== waiting.today ||
      performance.now() - this.lastCycleAt > atLeastEveryMs
    );
  }

  private async cycle(waiting: Waiting): Promise<void> {
    const started = performance.now();
    const stop = new AbortController();
    const abort = () => setTimeout(() => stop.abort(this.options.signal.reason), graceMs).unref();
    this.options.signal.addEventListener('abort', abort, { once: true });
    try {
      // The ledger's row is opened with the first cycle, and is the follow's until it ends.
      this.runId ??= await this.transaction((session) => openRun(session, 'follow'));
      let report: RunReport | null = null;
      await runPipeline(
        this.database,
        this.settings,
        { command: 'follow', to: waiting.today, always: true, runId: this.runId, signal: stop.signal },
        quietly(this.reporter, this.told, (ended) => {
          report = ended;
        }),
      );
      this.count(report, performance.now() - started, waiting.age_ms);
      this.lastCycleAt = performance.now();
    } catch (error) {
      // Another run has the lock: it counts what waits, and a follow finds little to do afterwards.
      if (error instanceof Failure && error.exitCode === exitCode.locked && !this.options.once) return;
      throw error;
    } finally {
      this.options.signal.removeEventListener('abort', abort);
    }
  }

  private count(report: RunReport | null, ms: number, ageMs: number | null): void {
    const cycleMs = Math.round(ms);
    const lagMs = Math.round((ageMs ?? 0) + ms);
    this.minute.taps += report?.tapCount ?? 0;
    this.minute.cycleMs.push(cycleMs);
    this.minute.lagMs.push(lagMs);
    this.total.taps += report?.tapCount ?? 0;
    this.total.cycles += 1;
    this.total.worstMs = Math.max(this.total.worstMs, cycleMs);
    this.total.worstLagMs = Math.max(this.total.worstLagMs, lagMs);
    if (report !== null) addUp(this.steps, stepsOf(report));
  }

  /** A line a minute, and what status reads. */
  private async note(isLast = false): Promise<void> {
    if (!isLast && !this.options.once && performance.now() - this.lastLineAt < minuteMs) return;
    this.lastLineAt = performance.now();
    const { taps, cycleMs, lagMs } = this.minute;
    if (cycleMs.length === 0) return;
    const [minute] = [new Date(Math.floor(Date.now() / minuteMs) * minuteMs).toISOString()];
    await this.transaction(async (session) => {
      await session.query(readPackageFile('sql/follow/note_minute.sql'), [
        minute,
        taps,
        cycleMs.join(','),
        lagMs.join(','),
      ]);
      if (this.runId !== null) await recordSteps(session, this.runId, [...this.steps.values()]);
    });
    this.steps.clear();
    this.minute = { taps: 0, cycleMs: [], lagMs: [] };
    const worst = Math.max(...cycleMs);
    const lag = Math.max(...lagMs);
    this.reporter.say('minute', { taps, cycles: cycleMs.length, worst_cycle_ms: worst, worst_lag_ms: lag }, [
      `${minute.slice(11, 16)}Z  ${plural(cycleMs.length, 'cycle')}, ${formatCount(taps)} taps read, longest cycle ${formatDuration(worst)}, lag at most ${formatDuration(lag)}`,
    ]);
  }
}

/** A cycle says nothing by itself but what an operator has to know. */
const quietly = (reporter: Reporter, told: Set<string>, ended: (report: RunReport) => void): Reporter => {
  const nothing = () => undefined;
  return {
    ...reporter,
    // Once, not every second.
    notice: (message) => {
      if (!told.has(message)) reporter.notice(message);
      told.add(message);
    },
    working: nothing,
    plan: nothing,
    runOpened: nothing,
    batchStarted: nothing,
    stepStarted: nothing,
    batchEnded: nothing,
    table: nothing,
    ended,
  };
};
