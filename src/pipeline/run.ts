import { setTimeout as sleep } from 'node:timers/promises';
import { captureState, setCaptureState } from '../capture/capture.js';
import {
  type FigurePlacement,
  figurePlacements,
  inspectCluster,
  isSpread,
  requireFigures,
  requireUsable,
  requireWhole,
  sourceViews,
} from '../citus/cluster.js';
import { waitForCopies } from '../citus/quiet.js';
import { speakOnce } from '../citus/shadows.js';
import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { isAway, isTransient, toFailure } from '../db/failure.js';
import { type RunLock, withRunLock } from '../db/run-lock.js';
import { rollBack, type Session, withTransaction } from '../db/transaction.js';
import { usageFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { requireMigratedSchema } from '../migrate/migrations.js';
import {
  type BatchResult,
  type Reason,
  type Reporter,
  type RunReport,
  type StepResult,
  waitingWith,
} from '../report/reporter.js';
import { addUp, rowsWritten } from '../report/steps.js';
import { lockLedger, runBatch } from './batch.js';
import { readStage, type TableDifference } from './difference.js';
import { noteLateTaps, readFrozen } from './frozen.js';
import {
  closeDead,
  closeRun,
  isAnyUserMarked,
  isLastUnwell,
  openRun,
  recordBatch,
  recordSteps,
  recordZone,
  stepsOf,
  strikeOff,
} from './ledger.js';
import { factsDigest } from './meaning.js';
import { loadSteps } from './order.js';
import { frozenRenewal, type Renewal, renewals } from './outdated.js';
import { type BatchSize, cutBatches, type Day, type PlannedDay } from './plan.js';
import { plainRequest, type RunRequest, type Wishes } from './request.js';
import { drainCapture, findStaleDays, recordedZone, type StaleDays } from './stale.js';
import type { Step } from './step.js';
import { emptyTables, storedTables } from './tables.js';

/** What a run works on: the stale days, in batches. */
interface RunPlan extends StaleDays {
  readonly batches: readonly (readonly PlannedDay[])[];
}

const maxAttempts = 5;

/**
 * The one path of etl, backfill and repair: finds the stale days, cuts them into batches and derives each in a
 * transaction of its own. With nothing stale it still runs one empty batch, in which only the passing of time can
 * change anything; if that writes no row, the run leaves no trace. Throws a failure, also when `signal` stopped it.
 */
export const runPipeline = async (
  database: Database,
  settings: Settings,
  { steps = loadSteps(), ...wishes }: Wishes,
  reporter: Reporter,
): Promise<void> => {
  const started = performance.now();
  const request: RunRequest = { ...plainRequest, ...wishes, steps };
  const locked = {
    schema: settings.schema,
    what: request.command,
    waitSeconds: request.waitSeconds,
    signal: request.signal,
    onWait: waitingWith(reporter),
  };
  await withRunLock(database, locked, async (lock) => {
    // Whoever held the lock before may have been a newer version's migrate.
    await requireMigratedSchema(database, settings.schema);
    const run = new Run(database, settings, request, reporter, lock);
    if (request.dryRun) await run.rehearse();
    else await run.all();
    await reporter.ended(await run.report(performance.now() - started));
  });
};

/** Thrown where the lock was lost since the plan was made: what another run did meanwhile, it does not know. */
class PlanIsOld extends Error {}

/** One run: its batches, their retries and its row in the ledger. */
class Run {
  private runId: number | null = null;
  private asOfDay: Day | null = null;
  private frozenBefore: Day | null = null;
  private retries = 0;
  private dayCount = 0;
  private batchCount = 0;
  private tapCount = 0;
  /** Ignored rows, read before a dry run is rolled back with its ledger. */
  private ignored: Record<string, number> | null = null;
  private renewals: readonly Renewal[] = [];
  /** Whether the lock was lost, and taken again, since the plan was made. */
  private isPlanOld = false;
  private isSpread = false;
  /** Whether the database has Citus at all. */
  private isCluster = false;
  private readonly digest: string;
  private readonly totals = new Map<string, StepResult>();
  private readonly preparing = new Map<string, StepResult>();
  private readonly differences = new Map<string, TableDifference>();

  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly request: RunRequest,
    private readonly reporter: Reporter,
    private readonly lock: RunLock,
  ) {
    this.runId = request.runId;
    this.digest = factsDigest(request.steps);
  }

  /** Derives what is stale. */
  async all(): Promise<void> {
    try {
      while (!(await this.deriveStale()));
      if (this.runId !== null && !this.request.isPart) await this.withRetries(() => this.close('done', null));
    } catch (error) {
      const state = this.request.signal?.aborted ? 'stopped' : 'failed';
      if (this.runId !== null && !this.request.isPart)
        await this.close(state, toFailure(error).message).catch(() => undefined);
      if (this.request.rebuild && this.batchCount > 0)
        this.reporter.notice(
          'The tables are new up to here. Go on without --rebuild, which would begin again.',
        );
      throw error;
    }
  }

  /** Plans and derives. Returns false where the lock was lost on the way: then there may be another plan. */
  private async deriveStale(): Promise<boolean> {
    try {
      const plan = await this.withRetries(() => this.plan());
      await this.reportPlan(plan);
      if (plan.batches.length === 0) await this.withRetries(() => this.batch(plan, [], 0));
      else {
        this.runId ??= await this.withRetries(() =>
          this.transaction((session) => openRun(session, this.request.command, this.settings.schema)),
        );
        this.reporter.runOpened(this.runId);
      }
      for (const [index, days] of plan.batches.entries()) {
        await this.withRetries(() => this.batch(plan, days, index));
      }
      if (plan.lookedAtAll) await this.withRetries(() => this.captureLookedAtAll());
      return true;
    } catch (error) {
      if (error instanceof PlanIsOld) return false;
      throw error;
    }
  }

  /**
   * The whole run as one batch that is rolled back, and what it would have changed: how a run is cut into batches makes
   * no difference to the tables.
   */
  async rehearse(): Promise<void> {
    await withTransaction(
      this.database,
      this.settings,
      async (session) => {
        // Here the taps are compared in the transaction that then writes.
        await this.speakOnceOnCluster(session);
        await drainCapture(session, await recordedZone(session, this.settings));
        const stale = await this.stale(session);
        const plan = this.cut({ ...stale, days: [] });
        const days = stale.days;
        await this.reportPlan({ ...plan, days, batches: days.length === 0 ? [] : [days] });
        await noteLateTaps(session, plan.lateTaps);
        const report = { index: 0, count: 1, days };
        if (days.length > 0) this.reporter.batchStarted(report);
        const result = await this.derive(session, plan, days, 0);
        this.add(result, days.length);
        if (days.length > 0) this.reporter.batchEnded(report, result);
        await this.reportDifference();
        this.ignored = await readIgnored(session);
        return rollBack(null);
      },
      { signal: this.request.signal, before: lockLedger },
    );
  }

  async report(durationMs: number): Promise<RunReport> {
    this.ignored ??= await this.withRetries(() => this.transaction(readIgnored));
    return {
      command: this.request.command,
      dryRun: this.request.dryRun,
      runId: this.runId,
      asOfDay: this.asOfDay,
      frozenBefore: this.frozenBefore,
      dayCount: this.dayCount,
      batchCount: this.batchCount,
      tapCount: this.tapCount,
      retryCount: this.retries,
      durationMs,
      steps: [...this.totals.values()],
      preparing: [...this.preparing.values()],
      ignored: this.ignored,
    };
  }

  private async plan(): Promise<RunPlan> {
    this.reporter.working('Looking for stale days');
    this.isPlanOld = false;
    const { signal } = this.request;
    const rebuild = this.beginsAnew();
    await withTransaction(
      this.database,
      this.settings,
      async (session) => {
        // Also where nothing is left to do: a run may be killed between its last batch and its last word.
        if (!this.request.isPart) await closeDead(session, this.request.command, this.settings.schema);
        if (!rebuild) await drainCapture(session, await recordedZone(session, this.settings));
      },
      { signal, before: lockLedger },
    );
    const stale = await withTransaction(
      this.database,
      this.settings,
      async (session) => {
        if (!rebuild) return this.stale(session);
        // As the first batch will find it. What is there now stays until then.
        await this.beginAnew(session);
        return rollBack(await this.stale(session));
      },
      rebuild ? { signal, before: lockLedger } : { signal, readOnly: true },
    );
    return this.cut(stale);
  }

  /** Whether the next batch empties the tables first. */
  private beginsAnew(): boolean {
    return this.request.rebuild && this.batchCount === 0;
  }

  private requireNewPlan(): void {
    if (this.isPlanOld) throw new PlanIsOld();
  }

  /** Returns where our tables are, if not on this server. */
  private async speakOnceOnCluster(session: Session): Promise<FigurePlacement[]> {
    const figures = await figurePlacements(session.query, this.settings.schema);
    if (figures.length > 0) await speakOnce(session);
    return figures;
  }

  /** Empties every table, for a rebuild from nothing. */
  private async beginAnew(session: Session): Promise<void> {
    await refuseRebuild(session);
    await emptyTables(session, this.request.steps, await this.speakOnceOnCluster(session));
    // Whoever goes on after a kill may not name the zone, or not this one.
    const zone = await recordedZone(session, this.settings);
    await recordZone(session, zone);
    await drainCapture(session, zone);
  }

  private async stale(session: Session): Promise<StaleDays> {
    const cluster = await inspectCluster(session.query, sourceViews);
    requireUsable(cluster);
    this.isSpread = isSpread(cluster);
    this.isCluster = cluster !== null;
    if (cluster !== null) {
      await requireFigures(session.query, await figurePlacements(session.query, this.settings.schema));
      await requireWhole(session.query, this.settings.schema);
    }
    const stale = await findStaleDays(session, this.settings, this.request, this.digest);
    if (!this.request.explain) return stale;
    this.renewals = await renewals(session, this.request.steps);
    const frozen = await frozenRenewal(session, this.request.steps);
    return frozen === null ? stale : { ...stale, notices: [...stale.notices, frozen] };
  }

  private cut(stale: StaleDays): RunPlan {
    this.asOfDay = stale.asOfDay;
    this.frozenBefore = stale.frozen?.frozen_before ?? null;
    for (const notice of stale.notices) this.reporter.notice(notice);
    const size: BatchSize =
      this.request.batchDays === null ? { taps: this.settings.batchTaps } : { days: this.request.batchDays };
    return { ...stale, batches: cutBatches(stale.days, size) };
  }

  private async reportPlan(plan: RunPlan): Promise<void> {
    const reasons: Partial<Record<Reason, number>> = {};
    for (const { reason } of plan.days) reasons[reason] = (reasons[reason] ?? 0) + 1;
    this.reporter.plan({
      command: this.request.command,
      zone: plan.zone,
      dayCount: plan.days.length,
      tapCount: plan.days.reduce((sum, day) => sum + day.tapCount, 0),
      batchCount: plan.batches.length,
      firstDay: plan.days[0]?.day ?? null,
      lastDay: plan.days.at(-1)?.day ?? null,
      reasons,
      asOfDay: plan.asOfDay,
      frozenBefore: this.frozenBefore,
    });
    if (!this.request.explain) return;
    await this.reporter.table(
      'stale',
      plan.days.map(({ isMarked: _, ...day }) => day),
      'Stale days',
    );
    if (this.renewals.length > 0)
      await this.reporter.table('renewal', this.renewals, 'Derived again, because their SQL changed');
  }

  /** Repeats a batch that may succeed the next time. It waits for an unreachable server up to target.waitMs. */
  private async withRetries<Result>(work: () => Promise<Result>): Promise<Result> {
    let awayFrom: number | null = null;
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (!this.lock.isHeld()) {
          await this.lock.retake();
          await requireMigratedSchema(this.database, this.settings.schema);
          this.isPlanOld = true;
        }
        return await work();
      } catch (error) {
        awayFrom = isAway(error) ? (awayFrom ?? performance.now()) : null;
        const mayWait = awayFrom !== null && performance.now() - awayFrom < this.database.target.waitMs;
        const isOver = attempt >= maxAttempts && !mayWait;
        if (this.request.signal?.aborted || !isTransient(error) || isOver) throw error;
        this.retries += 1;
        const waitMs = Math.min(5_000, (awayFrom === null ? 100 : 500) * 2 ** (attempt - 1));
        this.reporter.retrying({ attempt, waitMs, reason: toFailure(error).message });
        await sleep(waitMs, undefined, { signal: this.request.signal }).catch(() => undefined);
      }
    }
  }

  private async batch(plan: RunPlan, days: readonly PlannedDay[], index: number): Promise<void> {
    this.requireNewPlan();
    const report = { index, count: plan.batches.length, days };
    await this.lock.announce(describeBatch(this.request.command, days));
    this.reporter.batchStarted(report);
    let runId = this.runId;
    const result = await withTransaction(
      this.database,
      this.settings,
      async (session) => {
        if (this.isCluster) await waitForCopies(session, this.settings.schema);
        const beginsAnew = this.beginsAnew();
        if (beginsAnew) await this.beginAnew(session);
        const hasMark = days.length === 0 && (await isAnyUserMarked(session));
        const batch = await this.derive(session, plan, days, runId ?? 0);
        const isUnchanged = days.length === 0 && batch.renewed.length === 0 && rowsWritten(batch.steps) === 0;
        // A mark is struck off also where nothing of its user was wrong.
        const isNews = beginsAnew || hasMark || plan.unchangedDays.length > 0 || plan.lateTaps.length > 0;
        // A run that failed is what status tells of until one that ended well comes after it.
        const isAnswer = isUnchanged && (await isLastUnwell(session));
        if (isUnchanged && !isNews && !isAnswer) return rollBack(batch);
        if (index === 0) {
          await strikeOff(session, plan.unchangedDays);
          await noteLateTaps(session, plan.lateTaps);
        }
        if (isAnswer) runId ??= await openRun(session, this.request.command, this.settings.schema);
        if (isUnchanged) return batch;
        await recordZone(session, plan.zone);
        runId ??= await openRun(session, this.request.command, this.settings.schema);
        await recordBatch(session, runId, batch, days.length);
        // The cycles of a follower are one run; its steps are noted once a minute and not in every cycle.
        if (!this.request.isPart) await recordSteps(session, runId, stepsOf(batch));
        return batch;
      },
      { signal: this.request.signal, before: lockLedger },
    );
    this.runId = runId;
    this.add(result, days.length);
    if (days.length > 0) this.reporter.batchEnded(report, result);
  }

  private async derive(
    session: Session,
    plan: RunPlan,
    days: readonly PlannedDay[],
    runId: number,
  ): Promise<BatchResult> {
    return runBatch(session, {
      zone: plan.zone,
      schema: this.settings.schema,
      steps: this.request.steps,
      factsDigest: this.digest,
      runId,
      days,
      isSpread: this.isSpread,
      // As they are under the lock of the ledger, which whoever moves them takes too.
      figures: this.isCluster ? await figurePlacements(session.query, this.settings.schema) : [],
      // A rehearsal is read from outside while it lasts.
      mayFill: !this.request.dryRun,
      manyTaps: this.request.manyTaps,
      manyRows: this.request.manyRows,
      onPlan: this.request.onPlan,
      onStep: (step) => this.reporter.stepStarted(step),
      onStage: this.request.dryRun ? (on, step, counts) => this.noteDifference(on, step, counts) : undefined,
      onScope: this.request.explain
        ? (rows) => this.reporter.table('given', rows, 'What the steps of the batch were given')
        : undefined,
    });
  }

  /** Counts what a step is about to change; with --diff reports each row. */
  private async noteDifference(
    session: Session,
    step: Step,
    counts: Omit<TableDifference, 'table'>,
  ): Promise<void> {
    const { table } = step;
    const before = this.differences.get(table);
    this.differences.set(table, {
      table,
      inserted: counts.inserted + (before?.inserted ?? 0),
      updated: counts.updated + (before?.updated ?? 0),
      deleted: counts.deleted + (before?.deleted ?? 0),
    });
    if (this.request.showRows) await readStage(session, step, (row) => this.reporter.changedRow(row));
  }

  private async reportDifference(): Promise<void> {
    const nothing = { inserted: 0, updated: 0, deleted: 0 };
    await this.reporter.table(
      'difference',
      storedTables(this.request.steps).map((table) => ({
        table,
        ...nothing,
        ...this.differences.get(table),
      })),
      'A run would change (nothing was written)',
    );
    this.totals.clear();
  }

  private async captureLookedAtAll(): Promise<void> {
    this.requireNewPlan();
    await this.transaction(async (session) => {
      if ((await captureState(session)) === 'pending') await setCaptureState(session, 'ready');
    });
  }

  private add(result: BatchResult, dayCount: number): void {
    this.asOfDay = result.asOfDay;
    this.dayCount += dayCount;
    this.tapCount += result.tapCount;
    if (dayCount > 0) this.batchCount += 1;
    addUp(this.totals, result.steps);
    addUp(this.preparing, result.preparing);
  }

  private async close(state: 'done' | 'failed' | 'stopped', message: string | null): Promise<void> {
    const runId = this.runId ?? 0;
    await withTransaction(this.database, this.settings, (session) =>
      closeRun(session, runId, state, this.retries, message),
    );
  }

  private transaction<Result>(use: (session: Session) => Promise<Result>): Promise<Result> {
    return withTransaction(this.database, this.settings, use, { signal: this.request.signal });
  }
}

/** Nothing would bring the figures of days back whose taps are gone. Throws a usage failure. */
const refuseRebuild = async (session: Session): Promise<void> => {
  const frozen = await readFrozen(session);
  if (frozen === null) return;
  throw usageFailure(
    `The days before ${frozen.frozen_before} are frozen: --rebuild would empty their figures, and their taps are not read again. Bring the taps back into the source and run: arc-gam thaw`,
  );
};

const readIgnored = async (session: Session): Promise<Record<string, number>> => {
  const [ignored] = await session.query<Record<string, number>>(readPackageFile('sql/plan/ignored.sql'));
  return ignored ?? {};
};

const describeBatch = (command: string, days: readonly PlannedDay[]): string => {
  const first = days[0]?.day;
  const last = days.at(-1)?.day;
  if (first === undefined || last === undefined) return command;
  return `${command.split(' ')[0]} ${first}${first === last ? '' : `..${last}`}`;
};
