import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { isLostConnection, isTransient, toFailure } from '../db/failure.js';
import { type RunLock, withRunLock } from '../db/run-lock.js';
import { rollBack, type Session, withTransaction } from '../db/transaction.js';
import { usageFailure, workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import type { Reporter } from '../report/reporter.js';
import { type BatchResult, lockLedger, rowsWritten, runBatch, type StepResult } from './batch.js';
import { closeRun, openRun, recordBatch } from './ledger.js';
import {
  type BatchSize,
  cutBatches,
  type Day,
  type DayState,
  type PlannedDay,
  planDays,
  type Reason,
  type Wanted,
} from './plan.js';
import { loadSteps, type Step, stepsDigest } from './step.js';

/** What a command wants of the pipeline. */
export interface RunRequest {
  /** The command with its arguments, for the ledger and for whoever waits. */
  readonly command: string;
  /** First day wanted in P; null: from the first tap on. */
  readonly from: Day | null;
  /** Last day wanted in P; null: yesterday in the zone. */
  readonly to: Day | null;
  /** Whether `to` is wanted in P even if there is no tap at all (etl) or not (backfill). */
  readonly always: boolean;
  /** How many days back from `to` the source is looked at; null: all of history. */
  readonly lookbackDays: number | null;
  readonly batchDays: number | null;
  readonly waitSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

interface Moment {
  today: Day;
  first_processed_day: Day | null;
  as_of_day: Day | null;
}

interface RunPlan {
  readonly zone: string;
  readonly asOfDay: Day | null;
  readonly batches: readonly (readonly PlannedDay[])[];
}

const maxAttempts = 5;

/**
 * The one path of etl, backfill and repair: finds the stale days, cuts them into batches and derives each in a
 * transaction of its own. With nothing stale it still runs one empty batch, in which only the passing of time can change
 * anything; if that writes no row, the run leaves no trace. Throws a failure, also when `signal` stopped it.
 */
export const runPipeline = async (
  database: Database,
  settings: Settings,
  request: RunRequest,
  reporter: Reporter,
): Promise<void> => {
  const started = performance.now();
  const steps = loadSteps();
  const digest = stepsDigest(steps);
  await withRunLock(
    database,
    {
      schema: settings.schema,
      what: request.command,
      waitSeconds: request.waitSeconds,
      signal: request.signal,
      onWait: (holder) => reporter.working(`Waiting for ${holder}`),
    },
    async (lock) => {
      reporter.working('Looking for stale days');
      const plan = await makePlan(database, settings, request, digest);
      reportPlan(reporter, request, plan);
      const run = new Run(database, settings, request, reporter, lock, steps, digest, plan);
      await run.all();
      reporter.ended(await run.report(performance.now() - started));
    },
  );
};

const makePlan = async (
  database: Database,
  settings: Settings,
  request: RunRequest,
  digest: string,
): Promise<RunPlan> =>
  withTransaction(
    database,
    settings,
    async (session) => {
      const zone = await recordedZone(session, settings);
      const [moment] = await session.query<Moment & Record<string, unknown>>(
        readPackageFile('sql/plan/moment.sql'),
        [zone],
      );
      if (moment === undefined) throw workFailure('The database did not say what day it is.');
      const to = request.to ?? dayBefore(moment.today);
      if (to > moment.today) {
        throw usageFailure(
          `${to} is after today (${moment.today} in ${zone}): a day that has not begun can't be processed. Give ${moment.today} or an earlier day.`,
        );
      }
      const last = moment.as_of_day !== null && moment.as_of_day > to ? moment.as_of_day : to;
      const lookback = moment.first_processed_day === null ? null : request.lookbackDays;
      const states = await session.query<DayState & Record<string, unknown>>(
        readPackageFile('sql/plan/stale_day.sql'),
        [zone, digest, lookback === null ? null : addDaysTo(to, 1 - lookback), last],
      );
      const from = request.from ?? moment.first_processed_day;
      const anything = request.always || request.from !== null || states.some((state) => state.tap_count > 0);
      const days = planDays(states, anything ? wanted(request, from, to, states) : null);
      const size: BatchSize =
        request.batchDays === null ? { taps: settings.batchTaps } : { days: request.batchDays };
      return { zone, asOfDay: moment.as_of_day, batches: cutBatches(days, size) };
    },
    { readOnly: true, signal: request.signal },
  );

/** From the first tap or the first processed day on, whichever is earlier, unless the command says from where. */
const wanted = (
  request: RunRequest,
  firstProcessed: Day | null,
  to: Day,
  states: readonly DayState[],
): Wanted => {
  if (request.from !== null) return { from: request.from, to };
  const firstTap = states.find((state) => state.tap_count > 0)?.day;
  const candidates = [firstProcessed, firstTap, to].filter((day): day is Day => typeof day === 'string');
  return { from: candidates.sort()[0] ?? to, to };
};

const addDaysTo = (day: Day, count: number): Day =>
  new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);

const dayBefore = (day: Day): Day => addDaysTo(day, -1);

/** The zone recorded with the data. Throws if the settings name another one while there is data. */
const recordedZone = async (session: Session, settings: Settings): Promise<string> => {
  const [recorded] = await session.query<{ zone: string }>(
    "select value as zone from setting where key = 'zone' and exists (select from processed_day)",
  );
  const wantedZone = settings.zone;
  if (recorded === undefined) return wantedZone ?? 'UTC';
  if (wantedZone !== undefined && wantedZone.toLowerCase() !== recorded.zone.toLowerCase()) {
    throw usageFailure(
      `ARC_GAM_TZ is '${wantedZone}', but the stored figures were computed in '${recorded.zone}': every day would mean something else. Set ARC_GAM_TZ=${recorded.zone}, or compute everything again in the new zone with: arc-gam backfill --rebuild`,
    );
  }
  return recorded.zone;
};

const reportPlan = (reporter: Reporter, request: RunRequest, plan: RunPlan): void => {
  const days = plan.batches.flat();
  const reasons: Partial<Record<Reason, number>> = {};
  for (const { reason } of days) reasons[reason] = (reasons[reason] ?? 0) + 1;
  reporter.plan({
    command: request.command,
    zone: plan.zone,
    dayCount: days.length,
    tapCount: days.reduce((sum, day) => sum + day.tapCount, 0),
    batchCount: plan.batches.length,
    firstDay: days[0]?.day ?? null,
    lastDay: days.at(-1)?.day ?? null,
    reasons,
    asOfDay: plan.asOfDay,
  });
};

/** One run: its batches, their retries and its row in the ledger. */
class Run {
  private runId: number | null = null;
  private asOfDay: Day | null;
  private retries = 0;
  private dayCount = 0;
  private batchCount = 0;
  private tapCount = 0;
  private readonly totals = new Map<string, StepResult>();

  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly request: RunRequest,
    private readonly reporter: Reporter,
    private readonly lock: RunLock,
    private readonly steps: readonly Step[],
    private readonly digest: string,
    private readonly plan: RunPlan,
  ) {
    this.asOfDay = plan.asOfDay;
  }

  async all(): Promise<void> {
    const { batches } = this.plan;
    try {
      if (batches.length === 0) await this.withRetries([], 0);
      else this.runId = await this.transaction((session) => openRun(session, this.request.command));
      for (const [index, days] of batches.entries()) await this.withRetries(days, index);
      if (this.runId !== null) await this.close('done', null);
    } catch (error) {
      const state = this.request.signal?.aborted ? 'stopped' : 'failed';
      if (this.runId !== null) await this.close(state, toFailure(error).message).catch(() => undefined);
      throw error;
    }
  }

  async report(durationMs: number) {
    const ignored = await this.transaction((session) =>
      session.query<Record<string, number>>(readPackageFile('sql/plan/ignored.sql')),
    );
    return {
      command: this.request.command,
      runId: this.runId,
      asOfDay: this.asOfDay,
      dayCount: this.dayCount,
      batchCount: this.batchCount,
      tapCount: this.tapCount,
      retryCount: this.retries,
      durationMs,
      steps: [...this.totals.values()],
      ignored: ignored[0] ?? {},
    };
  }

  private async withRetries(days: readonly PlannedDay[], index: number): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (!this.lock.isHeld()) await this.lock.retake();
        await this.batch(days, index);
        return;
      } catch (error) {
        if (this.request.signal?.aborted || !isTransient(error) || attempt === maxAttempts) throw error;
        this.retries += 1;
        const waitMs = (isLostConnection(error) ? 500 : 100) * 2 ** (attempt - 1);
        this.reporter.retrying({ attempt, waitMs, reason: toFailure(error).message });
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  private async batch(days: readonly PlannedDay[], index: number): Promise<void> {
    const report = { index, count: this.plan.batches.length, days };
    await this.lock.announce(describeBatch(this.request.command, days));
    this.reporter.batchStarted(report);
    let runId = this.runId;
    const result = await withTransaction(
      this.database,
      this.settings,
      async (session) => {
        const batch = await runBatch(session, {
          settings: this.settings,
          zone: this.plan.zone,
          steps: this.steps,
          stepsDigest: this.digest,
          runId: this.runId ?? 0,
          days,
          onStep: (step) => this.reporter.stepStarted(step),
        });
        if (days.length === 0 && rowsWritten(batch.steps) === 0) return rollBack(batch) as never;
        await this.recordZone(session);
        runId ??= await openRun(session, this.request.command);
        await recordBatch(session, runId, batch, days.length);
        return batch;
      },
      { signal: this.request.signal, before: lockLedger },
    );
    this.runId = runId;
    this.add(result, days.length);
    if (days.length > 0) this.reporter.batchEnded(report, result);
  }

  private add(result: BatchResult, dayCount: number): void {
    this.asOfDay = result.asOfDay;
    this.dayCount += dayCount;
    this.tapCount += result.tapCount;
    if (dayCount > 0) this.batchCount += 1;
    for (const step of result.steps) {
      const total = this.totals.get(step.step);
      this.totals.set(step.step, {
        step: step.step,
        inserted: step.inserted + (total?.inserted ?? 0),
        updated: step.updated + (total?.updated ?? 0),
        deleted: step.deleted + (total?.deleted ?? 0),
        durationMs: step.durationMs + (total?.durationMs ?? 0),
      });
    }
  }

  private async close(state: 'done' | 'failed' | 'stopped', message: string | null): Promise<void> {
    const runId = this.runId ?? 0;
    await withTransaction(this.database, this.settings, (session) =>
      closeRun(session, runId, state, this.retries, message),
    );
  }

  private async recordZone(session: Session): Promise<void> {
    await session.query(
      `insert into setting as target (key, value) values ('zone', $1::text)
       on conflict (key) do update set value = excluded.value where target.value <> excluded.value`,
      [this.plan.zone],
    );
  }

  private transaction<Result>(use: (session: Session) => Promise<Result>): Promise<Result> {
    return withTransaction(this.database, this.settings, use, { signal: this.request.signal });
  }
}

const describeBatch = (command: string, days: readonly PlannedDay[]): string => {
  const first = days[0]?.day;
  const last = days.at(-1)?.day;
  if (first === undefined || last === undefined) return command;
  return `${command.split(' ')[0]} ${first}${first === last ? '' : `..${last}`}`;
};
