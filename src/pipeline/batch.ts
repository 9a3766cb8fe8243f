import type { FigurePlacement } from '../citus/cluster.js';
import { fromReading, readingOf, readingTable } from '../citus/reading.js';
import { Shadows } from '../citus/shadows.js';
import { batchSchema, columnsOf, copyOf, isOfPairs, ownOf, placeOf, Shards } from '../citus/shards.js';
import { avoiding, type Row, type Session } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import type { BatchResult, StepResult } from '../report/reporter.js';
import {
  type Applying,
  added,
  applied,
  countOfStage,
  type Place,
  prepared,
  type Statement,
  stageOf,
} from './converge.js';
import { Exchange } from './exchange.js';
import { withoutIndexes } from './fill.js';
import { closureOf, comesFrom, keepingSteps, readsTaps } from './meaning.js';
import { doneAfter } from './order.js';
import { outdatedSteps } from './outdated.js';
import { addDays, dayRanges, type PlannedDay } from './plan.js';
import { explainRefusal, isRefusal } from './refusal.js';
import { createScratch, emptying, type Persistence, Scratch, scratchTables } from './scratch.js';
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
  /** What it is to the node above: what is asked once beforehand (InitPlan) may come first. */
  readonly 'Parent Relationship'?: string;
  readonly Plans?: readonly ExplainedNode[];
}

/** How many rows a statement made or wrote: what writes to a table returns none of those that it was given. */
export const rowsMade = (plan: ExplainedNode): number => {
  const source =
    plan['Node Type'] === 'ModifyTable'
      ? plan.Plans?.find((node) => node['Parent Relationship'] === 'Outer')
      : plan;
  return source === undefined ? 0 : source['Actual Rows'] * source['Actual Loops'];
};

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
  /** From how many rows on an empty table is filled without its indexes, where not from 10,000 on. */
  readonly manyRows?: number | undefined;
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

/** Where statements of steps run, and with which scratch tables. */
interface Site extends Place {
  readonly session: Pick<Session, 'run' | 'script'>;
  readonly scratch: Scratch;
  /** Null: on this server. */
  readonly shards: Shards | null;
}

/** Of what two shards may have in their stages each row once: where its first user is, or neither, or nobody. */
const stageOnce = `select stage.*
from stage
left join own_user as own1 on own1.user_key = stage.u1_key
left join own_user as own2 on own2.user_key = stage.u2_key
left join user_key on user_key.user_key = stage.u1_key
where own1.user_key is not null or own2.user_key is null or user_key.user_key is null`;

/** What a shard writes of such a table: its rows, and the copies of others. */
const pairTargets = (table: string): NonNullable<Place['target']>[] => {
  const join = 'left join own_user on own_user.user_key = stage.u1_key';
  return [
    { table: ownOf(table), join, where: 'own_user.user_key is not null' },
    { table: copyOf(table), join, where: 'own_user.user_key is null' },
  ];
};

/** SQL that says which stored table has this name at a site. */
const stored = (table: string, { shards }: Site): string =>
  shards === null ? `to_regclass('${table}')` : placeOf(table);

/** One batch: its scratch tables, its parameters, and what its steps wrote. */
class Batch {
  private scratch: Scratch;
  /** Set where figures are spread over a cluster: what runs beside them, and how rows get there and back. */
  private spread: { readonly shards: Shards; readonly scratch: Scratch; readonly exchange: Exchange } | null =
    null;
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
    if (this.shadows !== null) await this.openSpread();
    const values = await this.parameterValues();
    await this.deriveOutdated(values);
    await this.fillGiven();
    const moved = values.as_of_moved === true || this.isRepair;
    const isLater = values.is_later === true && !this.isRepair;
    await this.runSteps(steps, { ...values, as_of_moved: moved, is_later: isLater });
    if (onScope !== undefined) {
      await this.scratch.make(scratchTables);
      await this.spread?.exchange.gatherAll();
      await onScope(await this.session.query(readPackageFile('sql/batch/scope.sql')));
    }
    const tapCount = this.hasRows('batch_tap') ? await this.validTaps() : 0;
    await this.scratch.drop();
    await this.closeSpread();
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

  /** Has steps find the rows of each shard beside them, where figures are spread over a cluster. */
  private async openSpread(): Promise<void> {
    const shards = new Shards(this.session, this.schema);
    await shards.open();
    const scratch = new Scratch(shards, 'unlogged', null);
    const exchange = new Exchange(
      this.session,
      this.schema,
      shards,
      this.scratch,
      scratch,
      this.options.figures,
    );
    this.spread = { shards, scratch, exchange };
  }

  private async closeSpread(): Promise<void> {
    if (this.spread === null) return;
    await this.spread.shards.close();
    await this.spread.exchange.drop();
    if (this.hasReading)
      await this.session.script(`drop table "${batchSchema(this.schema)}".${readingTable};`);
  }

  /** Where a step works: in the shards, if it is spread and the figures are, or on this server. */
  private siteOf(step: Step): Site {
    if (this.spread === null || !step.isSpread) return this.homeOf(step);
    const { shards, scratch } = this.spread;
    return {
      session: shards,
      scratch,
      shards,
      persistence: 'unlogged',
      schema: null,
    };
  }

  private homeOf(step: Step): Site {
    return {
      session: this.session,
      scratch: this.scratch,
      shards: null,
      persistence: this.persistence,
      schema: this.schema,
      ...(this.spread !== null && this.isDistributed(step.table)
        ? { shard: `"${this.schema}".shard_of(stage.user_id)` }
        : {}),
    };
  }

  private isDistributed(table: string): boolean {
    return this.options.figures.some(({ name, placement }) => name === table && placement === 'distributed');
  }

  private hasRows(table: string): boolean {
    return this.scratch.hasRows(table) || this.spread?.scratch.hasRows(table) === true;
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
      await this.spread?.scratch.empty(done(step).filter((table) => this.spread?.exchange.isTable(table)));
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
      step.reads.some((table) => this.hasRows(table))
    );
  }

  private async runStep(step: Step, values: ParameterValues): Promise<Counts> {
    const site = this.siteOf(step);
    await this.spread?.exchange.provide(step, step.isSpread);
    await site.scratch.make([...step.reads, ...step.notes.map((note) => note.table)]);
    const {
      counts,
      site: stageAt,
      staged,
    } = isPreparing(step)
      ? { counts: await this.prepare(step, site, values), site, staged: 0 }
      : await this.converge(step, site, values);
    // Whatever comes from a table that is derived wholly, and in which something changed, is derived wholly as well.
    for (const note of this.isWhole ? [] : step.notes)
      await this.add(note.table, added(step, note.table, note.select, 'note'), step, site, values);
    if (!isPreparing(step)) {
      const release = staged === 0 ? '' : 'release written; ';
      const drop = `${emptying('stage', staged)}drop table stage;`;
      if (stageAt.shards === null) await this.session.script(`${release}${drop}`);
      else {
        await this.session.script(release);
        await stageAt.session.script(drop);
      }
      await this.analyzeStored(step.table, counts.inserted + counts.deleted);
    }
    return counts;
  }

  /** Makes a scratch table of the step's rows, or adds them to one that is there. */
  private async prepare(step: Step, site: Site, values: ParameterValues): Promise<Counts> {
    const isMade = site.scratch.isMade(step.table);
    if (!isMade && !isShared(step, this.options.steps)) {
      const rows = await this.execute(prepared(step, site), step, site, values);
      await site.scratch.created(step.table, rows);
      if (rows > 0) this.spread?.exchange.wrote(step.table, step.isSpread);
      return { inserted: rows, updated: 0, deleted: 0 };
    }
    await site.scratch.make([step.table]);
    const rows = await this.add(
      step.table,
      added(step, step.table, step.select ?? '', 'prepare'),
      step,
      site,
      values,
    );
    return { inserted: rows, updated: 0, deleted: 0 };
  }

  private async add(
    table: string,
    statement: Statement,
    step: Step,
    site: Site,
    values: ParameterValues,
  ): Promise<number> {
    const rows = await this.execute(statement, step, site, values);
    await site.scratch.filled(table, rows);
    if (rows > 0) this.spread?.exchange.wrote(table, step.isSpread);
    return rows;
  }

  /**
   * Brings a stored table to what the step's SELECT says; leaves the stage for its notes, and where there is something
   * in it the savepoint from before it was applied. Returns where the stage is, besides the counts.
   */
  private async converge(
    step: Step,
    derivedAt: Site,
    values: ParameterValues,
  ): Promise<{ counts: Counts; site: Site; staged: number }> {
    const staged = await this.execute(stageOf(step, derivedAt), step, derivedAt, values);
    // A table that every node has is written from here.
    const isFetched = derivedAt.shards !== null && !this.isDistributed(step.table);
    const site = isFetched ? this.homeOf(step) : derivedAt;
    const { onStage } = this.options;
    if (derivedAt.shards !== null && (isFetched || (onStage !== undefined && staged > 0)))
      await this.fetchStage(step, derivedAt.shards, isFetched);
    if (staged === 0) return { counts: { inserted: 0, updated: 0, deleted: 0 }, site, staged };
    // Only where it is joined: what inserts its rows reads all of them, however many there are.
    const isJoined = step.notes.length > 0 || onStage !== undefined;
    const analyze = 'analyze stage;';
    const { counts, all } = await this.countStage(step, site, isJoined ? analyze : '');
    await onStage?.(this.session, step, counts);
    if (onStage !== undefined && site.shards !== null) await this.session.script('drop table stage;');
    if (all.deleted > 0) {
      if (!isJoined) await site.session.script(analyze);
      const purpose = site.shards !== null || this.isLocal(step.table) ? 'delete' : 'delete_placed';
      await this.executeAt(step, purpose, site, values);
    }
    if (all.inserted + all.updated > 0) await this.write(step, site, values, all);
    if (rowCount(all) > 0) this.spread?.exchange.wrote(step.table, step.isSpread);
    return { counts, site, staged };
  }

  /** Makes the stage on this server of what the shards have in theirs. */
  private async fetchStage(step: Step, shards: Shards, isMoved: boolean): Promise<void> {
    const stored = await columnsOf(this.session, step.table);
    const typed = (columns: readonly string[], prefix = '') =>
      columns.map((column) => ({
        name: `${prefix}${column}`,
        type: stored.find(({ name }) => name === column)?.type ?? 'text',
      }));
    const columns = [
      ...typed(step.select === null ? step.grain : [...step.grain, ...step.values, ...step.carries]),
      ...typed(step.stored.length === 0 ? [] : step.values, 'old_'),
      { name: 'is_wanted', type: 'boolean' },
      { name: 'is_stored', type: 'boolean' },
    ];
    await this.session.script(
      `create temp table stage (${columns.map(({ name, type }) => `${name} ${type}`).join(', ')});`,
    );
    await shards.gather('stage', columns, isOfPairs(step.table) ? stageOnce : 'select * from stage');
    if (isMoved) await shards.script('drop table stage');
  }

  /** How many rows are to be written, of those that two shards have each once, and of all. */
  private async countStage(
    step: Step,
    { shards }: Site,
    analyze: string,
  ): Promise<{ counts: Counts; all: Counts }> {
    if (shards === null) {
      const [counts] = await this.session.script<Counts & Row>(
        `${analyze} savepoint written; ${countOfStage}`,
      );
      if (counts === undefined) throw new Error('the stage could not be counted');
      const { inserted, updated, deleted } = counts;
      return { counts: { inserted, updated, deleted }, all: counts };
    }
    await shards.script(analyze);
    await this.session.script('savepoint written;');
    const count = async (text: string): Promise<Counts> => {
      const {
        inserted = 0,
        updated = 0,
        deleted = 0,
      } = await shards.sums(text, ['inserted', 'updated', 'deleted']);
      return { inserted, updated, deleted };
    };
    const all = await count(countOfStage);
    const counts = isOfPairs(step.table)
      ? await count(countOfStage.replace('from stage', `from (${stageOnce}) as stage`))
      : all;
    return { counts, all };
  }

  private async write(step: Step, site: Site, values: ParameterValues, counts: Counts): Promise<void> {
    try {
      await this.executeAt(
        step,
        (await this.isFirstFill(step, site, counts)) ? 'fill' : 'upsert',
        site,
        values,
      );
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.session.script('rollback to written;');
      if (site.shards !== null) await this.fetchStage(step, site.shards, false);
      throw await explainRefusal(this.session, step, error, this.options.days);
    }
  }

  /** Whether a table is empty and so many rows come into it that it is stripped of its indexes for them. */
  private async isFirstFill({ table }: Step, site: Site, { inserted, updated }: Counts): Promise<boolean> {
    const { mayFill, manyRows: enough = manyRows } = this.options;
    if (!mayFill || updated > 0 || inserted < enough) return false;
    const written = this.sitesOf(table, site).map(({ target }) => target?.table ?? table);
    const filled = written.map((name) => `exists (select 1 from ${name})`).join(' or ');
    if (site.shards !== null) {
      const { filled: count } = await site.shards.sums(`select (${filled})::integer as filled`, ['filled']);
      return count === 0;
    }
    if (!this.isLocal(table)) return false;
    const [found] = await this.session.query<{ is_filled: boolean }>(`select ${filled} as is_filled`);
    return found?.is_filled === false;
  }

  /** Applies the stage, to both tables where a shard has some rows of its own and copies of others. */
  private async executeAt(step: Step, purpose: Applying, site: Site, values: ParameterValues): Promise<void> {
    for (const one of this.sitesOf(step.table, site)) {
      const apply = () =>
        this.execute({ ...applied(step, purpose, one), table: step.table }, step, one, values);
      const written = one.target?.table ?? step.table;
      if (purpose === 'fill')
        await withoutIndexes(one.session, stored(written, one), one.shards !== null, apply);
      else await apply();
    }
  }

  /** Where a table's rows are written: in a shard, those of two users may be its own, or copies. */
  private sitesOf(table: string, site: Site): readonly Site[] {
    return site.shards === null || !isOfPairs(table)
      ? [site]
      : pairTargets(table).map((target) => ({ ...site, target }));
  }

  private async execute(given: Statement, step: Step, site: Site, values: ParameterValues): Promise<number> {
    const statement = this.hasReading ? { ...given, text: fromReading(given.text) } : given;
    const parameters = statement.params.map((parameter) => values[parameter]);
    // What applies the stage reads nothing else.
    const isApplying = statement.table === step.table && !isPreparing(step);
    const shadows = step.isSpread ? null : this.shadows;
    if (!isApplying)
      await shadows?.make(
        statement.text,
        step.slices,
        step.params.map((parameter) => values[parameter]),
      );
    const rows = await avoiding(site.session, step.avoid, () =>
      this.options.onPlan === undefined || site.shards !== null
        ? site.session.run(statement.text, parameters)
        : this.explained(statement, step, parameters, this.options.onPlan),
    );
    if (!isApplying) await shadows?.drop();
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
    return rowsMade(plan);
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
    for (const table of ['batch_day', 'batch_user']) {
      await this.scratch.filled(table, 1);
      this.spread?.exchange.wrote(table, false);
    }
    this.isRepair = true;
    this.isWhole = true;
    const before = this.results.length;
    await this.runSteps(steps, { ...values, as_of_moved: true, is_later: false });
    await this.scratch.drop();
    this.scratch = this.openScratch();
    if (this.spread !== null) {
      await this.spread.shards.close();
      await this.spread.exchange.drop();
      await this.openSpread();
    }
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
    if (this.options.isSpread || this.spread !== null) await this.readOnce();
    for (const table of ['batch_day', 'batch_range', 'batch_user'])
      if (this.scratch.hasRows(table)) this.spread?.exchange.wrote(table, false);
  }

  /** Reads the taps of the batch's days, for every step that asks for them: what one of them sees, all see. */
  private async readOnce(): Promise<void> {
    this.hasReading = true;
    if (this.spread !== null) {
      const ranges = await this.session.query<{ starts_at: string; ends_at: string }>(
        'select starts_at::text as starts_at, ends_at::text as ends_at from batch_range',
      );
      await this.spread.shards.read(
        readingTable,
        createScratch(readingTable, 'unlogged', batchSchema(this.schema)),
        ranges,
      );
      return;
    }
    await this.scratch.make([readingTable]);
    await this.scratch.filled(readingTable, await this.session.run(readingOf('batch_range')));
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
