import { setTimeout as sleep } from 'node:timers/promises';
import { captureState } from '../capture/capture.js';
import { inspectCluster, sourceViews, whyNoCapture } from '../citus/cluster.js';
import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { isLockTimeout, isTransient, toFailure } from '../db/failure.js';
import { followLock, withRunLock } from '../db/run-lock.js';
import { type Session, withTransaction } from '../db/transaction.js';
import { exitCode, usageFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { requireMigratedSchema } from '../migrate/migrations.js';
import { formatDuration, plural } from '../report/format.js';
import type { Reporter, RunReport, StepResult } from '../report/reporter.js';
import { addUp } from '../report/steps.js';
import { closeRun, isRunning, type RunState, recordSteps, stepsOf } from './ledger.js';
import { loadSteps } from './order.js';
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
  /** Whether capture is on; that its triggers are as they were is looked at once a minute. */
  readonly has_capture: boolean;
  readonly as_of_day: Day | null;
  /** Only asked while nothing is processed: of an application without a tap, null. */
  readonly first_day: Day | null;
}

/** Homes are not captured, so a cycle looks at least this often. */
const atLeastEveryMs = 300_000;

const minuteMs = 60_000;
const longestPauseMs = 30_000;

/**
 * Between two cycles at least so long, however often it looks: whoever waits for the run's lock tries it every 200 ms.
 */
const turnMs = 300;

/** A cycle under way when the signal comes may end by itself for so long, then it is rolled back. */
const graceMs = 1_500;

/** What is noted at the end waits for nobody's lock longer than this: the signal gives 4 s in all. */
const lastWordsMs = 1_000;

/**
 * Keeps the rollups up to now until the signal comes: the nightly run's own path, again and again with today as its
 * day. Throws a usage failure without capture, without the right to write or in another zone than the recorded one. A
 * lost server is waited for without end; with `once` it is a failure, as is another run that holds the lock.
 */
export const follow = async (
  database: Database,
  settings: Settings,
  options: FollowOptions,
  reporter: Reporter,
): Promise<void> => {
  const following = new Following(database, settings, options, reporter);
  try {
    if (options.once) {
      await following.prepare();
      await following.once();
    } else await untilStopped(following, options.signal);
  } catch (error) {
    if (!options.signal.aborted) {
      await following.close('failed', toFailure(error).message);
      throw error;
    }
  }
  await following.end();
};

const untilStopped = async (following: Following, signal: AbortSignal): Promise<void> => {
  let isPrepared = false;
  for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      if (!isPrepared) await following.prepare();
      isPrepared = true;
      await following.whileLocked();
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (!signal.aborted) following.lost(error);
    }
    if (signal.aborted) return;
    if (following.hasWorked()) pauseMs = 500;
    await pause(pauseMs, signal);
  }
};

/** Sleeps, but not longer than until the signal comes. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);

class Following {
  private runId: number | null = null;
  private worked = false;
  /** The first look is followed by a cycle, whatever it sees: homes may have changed, or the SQL. */
  private lastCycleAt = Number.NEGATIVE_INFINITY;
  private lastLineAt = Number.NEGATIVE_INFINITY;
  private readonly pipelineSteps = loadSteps();
  private waitLineAt = Number.NEGATIVE_INFINITY;
  private readonly begun = performance.now();
  private readonly steps = new Map<string, StepResult>();
  private readonly told = new Set<string>();
  /** Since the last line and the last note. */
  private minute = { taps: 0, cycleMs: [] as number[], lagMs: [] as number[], waitedMs: 0 };
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
      await recordedZone(session, this.settings);
      await requireCapture(session);
      const [right] = await session.query<{ may_write: boolean }>(
        readPackageFile('sql/follow/may_write.sql'),
      );
      if (right?.may_write !== true)
        throw usageFailure(
          `'${this.database.target.user}' may not write the rollups. Follow as the job's role: arc-gam grants prints the SQL.`,
        );
    });
  }

  /** One cycle, now, with a row of its own in the ledger: somebody who follows all the while is not disturbed. */
  async once(): Promise<void> {
    await this.cycle(await this.look());
    await this.note();
  }

  /**
   * One follow at a time: holds the follow's own lock, and cycles until the signal comes or the lock's connection is
   * lost. Another one waits to take over.
   */
  whileLocked(): Promise<void> {
    const { signal } = this.options;
    const lock = {
      schema: followLock(this.settings.schema),
      what: 'follow',
      waitSeconds: Number.POSITIVE_INFINITY,
      signal,
      onWait: (holder: string) =>
        this.reporter.notice(`Another follow is at work: ${holder}. Waiting to take over.`),
    };
    return withRunLock(this.database, lock, async (held) => {
      await this.goOn();
      while (held.isHeld() && !signal.aborted) {
        const lookedAt = performance.now();
        const waiting = await this.look();
        const isDue = this.isDue(waiting);
        if (isDue) await this.cycle(waiting);
        await this.note();
        // From look to look: a cycle that takes long does not make the next change wait longer.
        const leftMs = this.options.everyMs - (performance.now() - lookedAt);
        await pause(Math.max(leftMs, isDue ? turnMs : this.options.everyMs / 2), signal);
      }
    });
  }

  /**
   * Whoever followed while our lock was lost took our run for dead: then it is over, and the next cycle opens another.
   */
  private async goOn(): Promise<void> {
    const { runId } = this;
    if (runId !== null && !(await this.transaction((session) => isRunning(session, runId))))
      this.runId = null;
  }

  hasWorked(): boolean {
    const worked = this.worked;
    this.worked = false;
    return worked;
  }

  lost(error: unknown): void {
    this.onceAMinute(`${toFailure(error).message} Waiting for the server.`);
  }

  /** Whatever it waits for, as long as it waits. */
  private onceAMinute(message: string): void {
    if (performance.now() - this.waitLineAt < minuteMs) return;
    this.waitLineAt = performance.now();
    this.reporter.notice(message);
  }

  /** Closes the ledger's row; what can't be told in time is found dead by the next follow. */
  async close(state: RunState, message: string | null): Promise<void> {
    const { runId } = this;
    const signal = AbortSignal.timeout(lastWordsMs);
    await this.note(signal).catch(() => undefined);
    if (runId === null) return;
    await this.transaction((session) => closeRun(session, runId, state, 0, message), signal).catch(
      () => undefined,
    );
  }

  async end(): Promise<void> {
    await this.close('done', null);
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

  private transaction<Result>(
    use: (session: Session) => Promise<Result>,
    signal = this.options.signal,
  ): Promise<Result> {
    return withTransaction(this.database, this.settings, use, { signal });
  }

  private async look(): Promise<Waiting> {
    const [waiting] = await withTransaction(
      this.database,
      this.settings,
      // The zone moves with a rebuild: what it was at the start may be no longer true.
      async (session) => {
        const found = await session.query<Waiting>(readPackageFile('sql/follow/waiting.sql'), [
          await recordedZone(session, this.settings),
        ]);
        if (found[0]?.has_capture === false) await requireCapture(session);
        return found;
      },
      { readOnly: true, signal: this.options.signal },
    );
    if (waiting === undefined) throw new Error('the database did not say what waits');
    this.worked = true;
    return waiting;
  }

  /** Something waits, the local day turned, or nobody has looked for a while. */
  private isDue(waiting: Waiting): boolean {
    const { today, as_of_day: asOfDay, first_day: firstDay } = waiting;
    // Every tap that there is has a time to come: no day to begin with.
    if (asOfDay === null && firstDay !== null && firstDay > today) return false;
    return (
      waiting.has_change ||
      waiting.has_quest ||
      waiting.has_mark ||
      asOfDay === null ||
      asOfDay < today ||
      performance.now() - this.lastCycleAt > atLeastEveryMs
    );
  }

  private async cycle(waiting: Waiting): Promise<void> {
    const started = performance.now();
    const stop = new AbortController();
    const { once, signal } = this.options;
    const abort = () => setTimeout(() => stop.abort(signal.reason), graceMs).unref();
    signal.addEventListener('abort', abort, { once: true });
    try {
      let report: RunReport | null = null;
      await runPipeline(
        this.database,
        this.settings,
        {
          command: once ? 'follow --once' : 'follow',
          to: waiting.today,
          always: true,
          // The row that the first cycle with something to write opens is the follow's until it ends.
          isPart: !once,
          runId: this.runId,
          signal: stop.signal,
          steps: this.pipelineSteps,
        },
        {
          ...quietly(this.reporter, this.told),
          runOpened: (runId) => {
            if (!once) this.runId = runId;
          },
          ended: async (ended) => {
            report = ended;
            if (!once) this.runId = ended.runId;
          },
        },
      );
      this.count(report, performance.now() - started, waiting.age_ms);
      this.lastCycleAt = performance.now();
    } catch (error) {
      // Another run has the lock: it counts what waits, and a follow finds little to do afterwards. Or a table is
      // locked.
      const failure = toFailure(error);
      if ((failure.exitCode !== exitCode.locked && !isLockTimeout(error)) || once) throw error;
      this.minute.waitedMs = Math.max(this.minute.waitedMs, Math.round(waiting.age_ms ?? 0));
      this.onceAMinute(`Waiting: ${failure.message.split(/(?<=\.) /)[0]}`);
    } finally {
      signal.removeEventListener('abort', abort);
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

  /** A line a minute, and what status reads; the first one at once. Whoever gives a signal wants it now. */
  private async note(signal?: AbortSignal): Promise<void> {
    if (signal === undefined && performance.now() - this.lastLineAt < minuteMs) return;
    this.lastLineAt = performance.now();
    const { taps, cycleMs, lagMs, waitedMs } = this.minute;
    const steps = [...this.steps.values()];
    await this.transaction(async (session) => {
      await requireCapture(session);
      if (cycleMs.length === 0) return;
      await session.query(readPackageFile('sql/follow/note_minute.sql'), [
        taps,
        cycleMs.join(','),
        lagMs.join(','),
      ]);
      if (this.runId !== null) await recordSteps(session, this.runId, steps);
    }, signal);
    this.steps.clear();
    this.minute = { taps: 0, cycleMs: [], lagMs: [], waitedMs: 0 };
    const worst = Math.max(0, ...cycleMs);
    const lag = Math.max(waitedMs, ...lagMs);
    if (signal !== undefined) return;
    this.reporter.say('minute', { taps, cycles: cycleMs.length, worst_cycle_ms: worst, worst_lag_ms: lag }, [
      `${new Date().toISOString().slice(11, 16)}Z  ${plural(cycleMs.length, 'cycle')}, ${plural(taps, 'tap')} read${
        cycleMs.length + waitedMs === 0
          ? ''
          : `, longest cycle ${formatDuration(worst)}, lag at most ${formatDuration(lag)}`
      }`,
    ]);
  }
}

const requireCapture = async (session: Session): Promise<void> => {
  const capture = await captureState(session);
  if (capture !== 'off' && capture !== 'broken') return;
  const why = whyNoCapture(await inspectCluster(session.query, sourceViews));
  if (why !== null)
    throw usageFailure(
      `follow needs capture. ${why} Run as often as figures are wanted: arc-gam etl --date TODAY --lookback 2`,
    );
  throw usageFailure(
    `follow needs capture, which ${capture === 'off' ? 'is off' : 'is broken: a trigger is missing or switched off'}: without it nothing says which days changed. Switch it on with: arc-gam capture on`,
  );
};

/** A cycle says nothing by itself but what an operator has to know. */
const quietly = (reporter: Reporter, told: Set<string>): Reporter => {
  const nothing = () => undefined;
  return {
    ...reporter,
    // Once, not every second.
    notice: (message) => {
      if (!told.has(message)) reporter.notice(message);
      told.add(message);
    },
    working: nothing,
    retrying: nothing,
    plan: nothing,
    batchStarted: nothing,
    stepStarted: nothing,
    batchEnded: nothing,
    table: async () => undefined,
  };
};
