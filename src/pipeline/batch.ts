import type { FigurePlacement } from '../citus/cluster.js';
import { fromReading, readingOf, readingTable } from '../citus/reading.js';
import { Shadows } from '../citus/shadows.js';
import { avoiding, type Row, type Session } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import type { BatchResult, StepResult } from '../report/reporter.js';
import { added, applied, countOfStage, prepared, type Statement, stageOf } from './converge.js';
import { isEmpty, withoutIndexes } from './fill.js';
import { closureOf, comesFrom, keepingSteps, readsTaps } from './meaning.js';
import { doneAfter } from './order.js';
import { outdatedSteps } from './outdated.js';
import { addDays, dayRanges, type PlannedDay } from './plan.js';
import { explainRefusal, isRefusal } from './refusal.js';
import { emptying, type Persistence, Scratch, scratchTables } from './scratch.js';
import { isPreparing, isShared, type Step, type StepParameter } from './step.js';

interface Counts {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

const rowCount = ({ inserted, updated, deleted }: Counts): number => inserted + updated + deleted;

/** How one statement of a step was executed. */
export interface StepWork {
  readonly step: string;
  readonly purpose: string;
  /** Rows of the batch's own tables that the step reads. */
  readonly given: number;
  /** What `explain (analyze, timing off, format json)` says. */
  readonly plan: ExplainedNode;
}

/** The part of Postgres' plan nodes that counting needs. */
export interface ExplainedNode {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Plan Rows': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly ExplainedNode[];
}

export interface BatchOptions {
  readonly zone: string;
  readonly schema: string;
  readonly steps: readonly Step[];
  /** Digest of the steps that read the application's taps: factsDigest. */
  readonly factsDigest: string;
  readonly runId: number;
  readonly days: readonly PlannedDay[];
  /** Whether the source is spread over nodes, which two statements would not read at one moment. */
  readonly isSpread: boolean;
  /** Our own tables that are spread over nodes; none of them but on a cluster. */
  readonly figures: readonly FigurePlacement[];
  /** Whether these days are being frozen: what stands in for their taps is kept. */
  readonly isFreezing?: boolean;
  /** Whether tables that are empty may be locked until the transaction ends, to fill them faster. */
  readonly mayFill: boolean;
  /** From how many taps on the batch makes unlogged tables, where not from 100,000 on. */
  readonly manyTaps?: number | undefined;
  readonly onStep?: (step: string) => void;
  /** Told of what a step changes while it can still be read in the table `stage`. */
  readonly onStage?: ((session: Session, step: Step, counts: Counts) => Promise<void>) | undefined;
  /**
   * Told how each statement of a step was carried out, for whoever counts work; each then runs under `explain analyze`.
   */
  readonly onPlan?: ((work: StepWork) => void) | undefined;
  /** Told at the end how much the steps were given. */
  readonly onScope?: ((rows: Row[]) => Promise<void>) | undefined;
}

/**
 * Held by a batch until it ends: never two batches at once, whatever became of the run lock. It is a statement of its
 * own before the transaction's snapshot, so that a batch that had to wait sees what the other one wrote.
 */
export const lockLedger = 'lock table processed_day in exclusive mode;';

/**
 * Derives the batch's days and all that follows from them, inside the caller's transaction (begun with lockLedger).
 * Throws the database's error, which names the step; the caller rolls back.
 */
export const runBatch = async (session: Session, options: BatchOptions): Promise<BatchResult> => {
  // Somebody's table of a scratch table's name in the schema is not meant: it would be read, and dropped. Nor is a
  // temporary one of a table's name, which another client of a pooler may have left on the connection.
  await session.script(`discard temp; set local search_path = pg_temp, "${options.schema}";`);
  const batch = new Batch(session, options, await persistenceFor(session, options));
  return batch.run();
};

/** From this many taps on a batch makes unlogged tables, which parallel workers can read. */
const usuallyMany = 100_000;

/**
 * Workers can't read temporary tables. Unlogged ones are made in the target schema, for which a role needs the right;
 * they take the names of scratch tables, which may be somebody's in a schema that is not ours alone.
 */
const persistenceFor = async (
  session: Session,
  { days, schema, manyTaps = usuallyMany }: BatchOptions,
): Promise<Persistence> => {
  if (days.reduce((sum, day) => sum + day.tapCount, 0) < manyTaps) return 'temp';
  const [found] = await session.query<{ may_create: boolean }>(readPackageFile('sql/batch/may_create.sql'), [
    schema,
    ['stage', ...scratchTables].join(','),
  ]);
  return found?.may_create ? 'unlogged' : 'temp';
};

type ParameterValues = Readonly<Record<StepParameter, string | number | boolean | null>>;

/** One batch: its scratch tables, its parameters, and what its steps wrote. */
class Batch {
  private scratch: Scratch;
  private readonly results: [Step, StepResult][] = [];
  private readonly renewed: string[] = [];
  private isRepair = false;
  /** Whether the taps of the batch's days were read into a scratch table, once for all steps. */
  private hasReading = false;
  /** Set while a whole table is derived because its SQL changed. */
  private isWhole = false;
  /** What stands in for distributed tables while a statement runs; null where there are none. */
  private readonly shadows: Shadows | null;

  constructor(
    private readonly session: Session,
    private readonly options: BatchOptions,
    readonly persistence: Persistence,
  ) {
    this.scratch = this.openScratch();
    this.shadows = options.figures.some(({ placement }) => placement === 'distributed')
      ? new Shadows(session, options.schema, options.figures)
      : null;
  }

  async run(): Promise<BatchResult> {
    const { steps, onScope } = this.options;
    await this.shadows?.prefer();
    const values = await this.parameterValues();
    await this.deriveOutdated(values);
    await this.fillGiven();
    const moved = values.as_of_moved === true || this.isRepair;
    const isLater = values.is_later === true && !this.isRepair;
    await this.runSteps(steps, { ...values, as_of_moved: moved, is_later: isLater });
    if (onScope !== undefined) {
      await this.scratch.make(scratchTables);
      await onScope(await this.session.query(readPackageFile('sql/batch/scope.sql')));
    }
    const tapCount = this.scratch.hasRows('batch_tap') ? await this.validTaps() : 0;
    await this.scratch.drop();
    return {
      steps: this.results.flatMap(([step, result]) => (isPreparing(step) ? [] : [result])),
      preparing: this.results.flatMap(([step, result]) => (isPreparing(step) ? [result] : [])),
      tapCount,
      asOfDay: values.as_of_day as string | null,
      renewed: this.renewed,
    };
  }

  private openScratch(): Scratch {
    return new Scratch(this.session, this.persistence, this.options.schema);
  }

  private async runSteps(steps: readonly Step[], values: ParameterValues): Promise<void> {
    // Whoever asks what the steps were given counts it in the end.
    const done = this.options.onScope === undefined ? doneAfter(steps) : () => [];
    for (const step of steps) {
      if (this.hasWork(step, values)) {
        this.options.onStep?.(step.name);
        const started = performance.now();
        const counts = await this.runStep(step, values);
        this.results.push([step, { step: step.name, ...counts, durationMs: performance.now() - started }]);
      }
      await this.scratch.empty(done(step));
    }
  }

  /**
   * A step works for the rows that the batch's own tables hold for it. With none of them it would change nothing, so it
   * is not even planned: a night without news costs a few statements. `runs` in its header names what else can make
   * work.
   */
  private hasWork(step: Step, values: ParameterValues): boolean {
    if (step.runs === 'repair') return this.isRepair;
    if (step.runs === 'frozen')
      return this.options.isFreezing === true || this.options.days.some(({ isFrozen }) => isFrozen);
    return (
      step.runs === 'always' ||
      (step.runs === 'as_of_moved' && values.as_of_moved === true) ||
      step.reads.some((table) => this.scratch.hasRows(table))
    );
  }

  private async runStep(step: Step, values: ParameterValues): Promise<Counts> {
    await this.scratch.make([...step.reads, ...step.notes.map((note) => note.table)]);
    const counts = isPreparing(step) ? await this.prepare(step, values) : await this.converge(step, values);
    // Whatever comes from a table that is derived wholly, and in which something changed, is derived wholly as well.
    for (const note of this.isWhole ? [] : step.notes)
      await this.add(note.table, added(step, note.table, note.select, 'note'), step, values);
    if (!isPreparing(step)) {
      const release = rowCount(counts) === 0 ? '' : 'release written; ';
      await this.session.script(`${release}${emptying('stage', rowCount(counts))}drop table stage;`);
      await this.analyzeStored(step.table, counts.inserted + counts.deleted);
    }
    return counts;
  }

  /** Makes a scratch table of the step's rows, or adds them to one that is there. */
  private async prepare(step: Step, values: ParameterValues): Promise<Counts> {
    const isMade = this.scratch.isMade(step.table);
    if (!isMade && !isShared(step, this.options.steps)) {
      const rows = await this.execute(prepared(step, this), step, values);
      await this.scratch.created(step.table, rows);
      return { inserted: rows, updated: 0, deleted: 0 };
    }
    await this.scratch.make([step.table]);
    const rows = await this.add(
      step.table,
      added(step, step.table, step.select ?? '', 'prepare'),
      step,
      values,
    );
    return { inserted: rows, updated: 0, deleted: 0 };
  }

  private async add(
    table: string,
    statement: Statement,
    step: Step,
    values: ParameterValues,
  ): Promise<number> {
    const rows = await this.execute(statement, step, values);
    await this.scratch.filled(table, rows);
    return rows;
  }

  /**
   * Brings a stored table to what the step's SELECT says; leaves the stage for its notes, and where there is something
   * in it the savepoint from before it was applied.
   */
  private async converge(step: Step, values: ParameterValues): Promise<Counts> {
    const staged = await this.execute(stageOf(step, this), step, values);
    if (staged === 0) return { inserted: 0, updated: 0, deleted: 0 };
    const { onStage } = this.options;
    // Only where it is joined: what inserts its rows reads all of them, however many there are.
    const isJoined = step.notes.length > 0 || onStage !== undefined;
    const analyze = 'analyze stage;';
    const [counts] = await this.session.script<Counts & Row>(
      `${isJoined ? analyze : ''} savepoint written; ${countOfStage}`,
    );
    if (counts === undefined) throw new Error('the stage could not be counted');
    await onStage?.(this.session, step, counts);
    if (counts.deleted > 0) {
      if (!isJoined) await this.session.script(analyze);
      const purpose = this.isLocal(step.table) ? 'delete' : 'delete_placed';
      await this.execute(applied(step, purpose, this), step, values);
    }
    if (counts.inserted + counts.updated > 0) await this.write(step, values, counts);
    return { inserted: counts.inserted, updated: counts.updated, deleted: counts.deleted };
  }

  private async write(step: Step, values: ParameterValues, counts: Counts): Promise<void> {
    try {
      if (await this.mayStrip(step, counts))
        await withoutIndexes(this.session, step.table, async () => {
          await this.execute(applied(step, 'fill', this), step, values);
        });
      else await this.execute(applied(step, 'upsert', this), step, values);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.session.script('rollback to written;');
      throw await explainRefusal(this.session, step, error, this.options.days);
    }
  }

  private async mayStrip({ table }: Step, { inserted, updated }: Counts): Promise<boolean> {
    return (
      this.options.mayFill &&
      this.isLocal(table) &&
      updated === 0 &&
      inserted >= manyRows &&
      (await isEmpty(this.session, table))
    );
  }

  private async execute(given: Statement, step: Step, values: ParameterValues): Promise<number> {
    const statement = this.hasReading ? { ...given, text: fromReading(given.text) } : given;
    const parameters = statement.params.map((parameter) => values[parameter]);
    // What applies the stage reads nothing else.
    const isApplying = statement.table === step.table && !isPreparing(step);
    if (isApplying) await this.shadows?.forget(step.table);
    else
      await this.shadows?.make(
        statement.text,
        step.slices,
        step.params.map((parameter) => values[parameter]),
      );
    const rows = await avoiding(this.session, step.avoid, () =>
      this.options.onPlan === undefined
        ? this.session.run(statement.text, parameters)
        : this.explained(statement, step, parameters, this.options.onPlan),
    );
    if (!isApplying) await this.shadows?.drop();
    return rows;
  }

  /** Whether the rows of a stored table are on this server alone. */
  private isLocal(table: string): boolean {
    return this.options.figures.every(({ name }) => name !== table);
  }

  /** Runs a statement and reports its plan; returns the number of rows written. */
  private async explained(
    { text, purpose }: Statement,
    step: Step,
    parameters: readonly (string | number | boolean | null)[],
    onPlan: (work: StepWork) => void,
  ): Promise<number> {
    const [explained] = await this.session.query<{ 'QUERY PLAN': { Plan: ExplainedNode }[] }>(
      `explain (analyze, timing off, format json) ${text}`,
      parameters,
    );
    const plan = explained?.['QUERY PLAN'][0]?.Plan;
    if (plan === undefined) throw new Error(`${step.name}: explain said nothing`);
    // The rows that the source gave are counted after their aggregation into batch_tap.
    const given = step.reads.reduce(
      (sum, table) => sum + this.scratch.rowsOf(table === 'classified_tap' ? 'batch_tap' : table),
      0,
    );
    onPlan({ step: step.name, purpose, given, plan });
    const written = plan['Node Type'] === 'ModifyTable' ? plan.Plans?.[0] : plan;
    return written === undefined ? 0 : written['Actual Rows'] * written['Actual Loops'];
  }

  get schema(): string {
    return this.options.schema;
  }

  /**
   * A batch that fills a table is read by its own next steps, long before autovacuum sees it: without statistics they
   * are planned for an empty table. Only where a step wrote a fifth of the table or more, so that a nightly run pays
   * nothing; skip_locked, so that somebody's vacuum is not waited for. A role that does not own the table only gets a
   * warning.
   */
  private async analyzeStored(table: string, rows: number): Promise<void> {
    const figure = this.options.figures.find(({ name }) => name === table);
    // The statistics of a table that is on other nodes are those of its shards. One that every node has is read here in
    // each join with the batch's tables, and its shard may be known as empty: that is looked at whatever was written.
    if (figure?.placement === 'distributed') {
      if (rows >= manyRows) await this.session.script(`analyze ${table};`);
      return;
    }
    const stored = figure?.local_shard ?? table;
    if (rows < (figure === undefined ? manyRows : 1)) return;
    const [grown] = await this.session.query<{ is_grown: boolean }>(
      'select reltuples < 5 * $2::float8 as is_grown from pg_class where oid = to_regclass($1::text)',
      [stored, rows],
    );
    if (grown?.is_grown) await this.session.script(`analyze (skip_locked) ${stored};`);
  }

  /**
   * Derives the tables whose SQL changed since they were derived, each wholly and on its own; and so on with those that
   * come from one in which a row was not as it should be: what steps tell each other of a change presumes that the rows
   * were right before.
   */
  private async deriveOutdated(values: ParameterValues): Promise<void> {
    const { steps } = this.options;
    const outdated = new Map(
      (await outdatedSteps(this.session, steps)).map((renewal) => [renewal.step, renewal]),
    );
    if (outdated.size === 0) return;
    const [ledger] = await this.session.query<{ is_empty: boolean }>(
      'select not exists (select 1 from processed_day) as is_empty',
    );
    const isFirst = ledger?.is_empty === true;
    const changed = new Set<string>();
    for (const step of keepingSteps(steps)) {
      const renewal = outdated.get(step);
      const isFact = readsTaps(step, steps);
      const follows = !isFact && [...comesFrom(step, steps)].some((table) => changed.has(table));
      if (renewal === undefined && !follows) continue;
      if (!isFirst && !isFact) {
        const closure = new Set(closureOf(step, steps));
        const wanted = steps.filter(
          (one) =>
            closure.has(one) ||
            // Rows of nobody, before somebody new is given the private number that they are of.
            (one.runs === 'repair' && one.table === step.table) ||
            // Whoever has no pair left is forgotten at once, so that no table comes from what is known of them.
            (one.isCleaner && one.reads.includes(step.table)),
        );
        for (const table of await this.deriveWholly(wanted, values)) changed.add(table);
      }
      if (renewal !== undefined)
        await this.session.query(readPackageFile('sql/batch/derived_step.sql'), [step.name, renewal.digest]);
      this.renewed.push(step.name);
    }
  }

  /** Runs steps as if all users and days were marked for repair. Returns the tables in which a row changed. */
  private async deriveWholly(steps: readonly Step[], values: ParameterValues): Promise<Set<string>> {
    await this.scratch.make(['batch_day', 'batch_range', 'batch_user']);
    await this.session.query('insert into batch_day (day, forced) select day, true from processed_day');
    await this.session.query(
      'insert into batch_user (user_id) select user_id from user_key union select id from app_user where id is not null',
    );
    for (const table of ['batch_day', 'batch_user']) await this.scratch.filled(table, 1);
    this.isRepair = true;
    this.isWhole = true;
    const before = this.results.length;
    await this.runSteps(steps, { ...values, as_of_moved: true, is_later: false });
    await this.scratch.drop();
    this.scratch = this.openScratch();
    this.isRepair = false;
    this.isWhole = false;
    const done = this.results.slice(before);
    return new Set(
      done.flatMap(([step, counts]) => (isPreparing(step) || rowCount(counts) === 0 ? [] : [step.table])),
    );
  }

  private async fillGiven(): Promise<void> {
    const { days, zone } = this.options;
    const { session } = this;
    await this.scratch.make(['batch_day', 'batch_range', 'batch_user']);
    const dayRows = await session.run(readPackageFile('sql/batch/day.sql'), [
      days.map(({ day }) => day).join(','),
      days.map(({ isMarked }) => isMarked).join(','),
      days.map(({ isFrozen }) => isFrozen).join(','),
    ]);
    // The taps of frozen days are not read again, even where there are some.
    const ranges = dayRanges(days.filter(({ isFrozen }) => !isFrozen).map(({ day }) => day));
    const rangeRows = await session.run(readPackageFile('sql/batch/range.sql'), [
      ranges.map(({ from }) => from).join(','),
      ranges.map(({ to }) => addDays(to, 1)).join(','),
      zone,
    ]);
    const userRows = await session.run(
      'insert into batch_user (user_id) select distinct user_id from stale_mark where user_id is not null',
    );
    this.isRepair = userRows > 0 || days.some(({ isMarked }) => isMarked);
    // A mark that came after the plan was made waits for the next run, as do all of them where only places are kept.
    if (!this.options.isFreezing)
      await session.script(`
        delete from stale_mark where day is null or day in (select day from batch_day where forced);
        delete from captured_day where day in (select day from batch_day);`);
    await this.scratch.filled('batch_day', dayRows);
    await this.scratch.filled('batch_range', rangeRows);
    await this.scratch.filled('batch_user', userRows);
    if (this.options.isSpread) await this.readOnce();
  }

  /** Reads the taps of the batch's days, for every step that asks for them: what one of them sees, all see. */
  private async readOnce(): Promise<void> {
    await this.scratch.make([readingTable]);
    await this.scratch.filled(readingTable, await this.session.run(readingOf('batch_range')));
    this.hasReading = true;
  }

  private async validTaps(): Promise<number> {
    const [read] = await this.session.query<{ taps: number }>(readPackageFile('sql/batch/valid_tap.sql'));
    return read?.taps ?? 0;
  }

  private async parameterValues(): Promise<ParameterValues> {
    const { days, zone, factsDigest, runId } = this.options;
    const [asOf] = await this.session.query<{
      as_of_day: string | null;
      as_of_moved: boolean;
      is_later: boolean;
      alive_from_day: string | null;
    }>(readPackageFile('sql/batch/as_of.sql'), [zone, days.at(-1)?.day ?? null, days[0]?.day ?? null]);
    return {
      zone,
      as_of_day: asOf?.as_of_day ?? null,
      as_of_moved: asOf?.as_of_moved ?? false,
      is_later: asOf?.is_later ?? false,
      alive_from_day: asOf?.alive_from_day ?? null,
      steps_sha256: factsDigest,
      run_id: runId,
    };
  }
}

/**
 * Below this many rows a stale idea of a table costs less than a new one, and a key is kept up row by row quickly
 * enough.
 */
const manyRows = 10_000;
