import { avoiding, type Row, type Session } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import type { BatchResult, StepResult } from '../report/reporter.js';
import { withoutIndexes } from './fill.js';
import { addDays, dayRanges, type PlannedDay } from './plan.js';
import type { Step, StepParameter } from './step.js';

interface Counts {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

export interface BatchOptions {
  readonly zone: string;
  readonly steps: readonly Step[];
  readonly stepsDigest: string;
  readonly runId: number;
  readonly days: readonly PlannedDay[];
  /** Whether tables that are empty may be locked until the transaction ends, to fill them faster. */
  readonly mayFill: boolean;
  readonly onStep?: (step: string) => void;
  /** Told at the end how much the steps were given. */
  readonly onScope?: ((rows: Row[]) => void) | undefined;
}

/** Tables of a batch, gone with its transaction, and the statement that makes each. */
export const temporaryTables: ReadonlyMap<string, string> = new Map(
  [...readPackageFile('sql/batch/open.sql').matchAll(/create temp table (\w+)[^;]*;/g)].map(
    ([statement, table = '']) => [table, statement],
  ),
);

/**
 * Held by a batch until it ends: never two batches at once, whatever became of the run lock. It is a statement of its
 * own before the transaction's snapshot, so that a batch that had to wait sees what the other one wrote.
 */
export const lockLedger = 'lock table processed_day in exclusive mode;';

/**
 * Derives the batch's days and all that follows from them, inside the caller's transaction (begun with lockLedger).
 * Throws the database's error; the caller rolls back.
 */
export const runBatch = async (session: Session, options: BatchOptions): Promise<BatchResult> => {
  const scratch = new Scratch(session);
  await fillBatch(session, scratch, options);
  const values = await parameterValues(session, options);
  const mayFill = options.mayFill && options.days.reduce((sum, day) => sum + day.tapCount, 0) >= manyTaps;
  const results: [Step, StepResult][] = [];
  for (const step of options.steps) {
    if (!hasWork(step, scratch, values)) continue;
    options.onStep?.(step.name);
    const started = performance.now();
    await scratch.make([...step.reads, ...step.writes]);
    const fills = mayFill ? step.fills : [];
    const written = await withoutIndexes(session, fills, () => execute(session, step, values));
    await scratch.filled(step.writes);
    await analyzeStored(session, step, written.inserted + written.deleted);
    results.push([step, { step: step.name, ...written, durationMs: performance.now() - started }]);
  }
  if (options.onScope !== undefined) {
    await scratch.make(temporaryTables.keys());
    options.onScope(await session.query(readPackageFile('sql/batch/scope.sql')));
  }
  return {
    steps: results.flatMap(([step, result]) => (isTemporary(step) ? [] : [result])),
    preparing: results.flatMap(([step, result]) => (isTemporary(step) ? [result] : [])),
    tapCount: scratch.hasRows('batch_tap') ? await validTaps(session) : 0,
    asOfDay: values.as_of_day as string | null,
  };
};

/** Below this many taps, an empty table is filled quickly enough with its indexes. */
const manyTaps = 10_000;

const validTaps = async (session: Session): Promise<number> => {
  const [read] = await session.query<{ taps: number }>(
    'select coalesce(sum(tap_count), 0)::float8 as taps from batch_tap where ignored_because is null',
  );
  return read?.taps ?? 0;
};

type ParameterValues = Readonly<Record<StepParameter, string | number | boolean | null>>;

/**
 * A step works for the rows that the batch's own tables hold for it. With none of them it would change nothing, so it is
 * not even planned: a night without news costs a few statements. `runs` in its header names what else can make work.
 */
const hasWork = (step: Step, scratch: Scratch, values: ParameterValues): boolean =>
  step.runs === 'always' ||
  (step.runs === 'as_of_moved' && values.as_of_moved === true) ||
  step.reads.some((table) => scratch.hasRows(table));

const execute = async (session: Session, step: Step, values: ParameterValues): Promise<Counts> => {
  const [written] = await avoiding(session, step.avoid, () =>
    session.query<Counts & Row>(
      step.text,
      step.params.map((parameter) => values[parameter]),
    ),
  );
  return written ?? { inserted: 0, updated: 0, deleted: 0 };
};

/** The temporary tables of one batch: made when first needed, and which of them have rows. */
class Scratch {
  private readonly made = new Set<string>();
  private readonly withRows = new Set<string>();

  constructor(private readonly session: Session) {}

  hasRows(table: string): boolean {
    return this.withRows.has(table);
  }

  async make(tables: Iterable<string>): Promise<void> {
    const missing = [...new Set(tables)].filter(
      (table) => temporaryTables.has(table) && !this.made.has(table),
    );
    if (missing.length === 0) return;
    // Analyzed while empty: of an empty table without statistics the planner thinks that it has thousands of rows, and
    // for the sake of those it would read the whole of what it is joined with.
    await this.session.script(
      `${missing.map((table) => temporaryTables.get(table)).join('\n')}\nanalyze ${missing.join(', ')};`,
    );
    for (const table of missing) this.made.add(table);
  }

  /**
   * Notes which of the tables have rows now. Those are analyzed: without statistics the planner takes a temporary table for
   * small, whatever a step has put into it.
   */
  async filled(tables: readonly string[]): Promise<void> {
    const candidates = tables.filter((table) => temporaryTables.has(table));
    if (candidates.length === 0) return;
    const [found] = await this.session.query<Record<string, boolean>>(
      `select ${candidates.map((table) => `exists (select from ${table}) as ${table}`).join(', ')}`,
    );
    const filled = candidates.filter((table) => found?.[table]);
    for (const table of filled) this.withRows.add(table);
    if (filled.length > 0) await this.session.script(filled.map((table) => `analyze ${table};`).join(' '));
  }
}

/** A step that only prepares what later steps read writes nothing that stays. */
const isTemporary = (step: Step): boolean =>
  step.writes.length > 0 && step.writes.every((table) => temporaryTables.has(table));

const fillBatch = async (session: Session, scratch: Scratch, { days, zone }: BatchOptions): Promise<void> => {
  await scratch.make(['batch_day', 'batch_range', 'batch_user']);
  await session.query(
    `insert into batch_day (day, forced)
     select planned.day, planned.forced
     from unnest(string_to_array($1::text, ',')::date[], string_to_array($2::text, ',')::boolean[]) as planned (day, forced)`,
    [
      days.map(({ day }) => day).join(','),
      days.map(({ reason }) => reason === 'outdated' || reason === 'marked').join(','),
    ],
  );
  const ranges = dayRanges(days.map(({ day }) => day));
  // Three hours on either side: where a clock was set back over midnight, a local date is not one stretch of time.
  await session.query(
    `insert into batch_range (starts_at, ends_at)
     select
       planned.first_day::timestamp at time zone $3::text - interval '3 hours',
       planned.next_day::timestamp at time zone $3::text + interval '3 hours'
     from unnest(string_to_array($1::text, ',')::date[], string_to_array($2::text, ',')::date[]) as planned (first_day, next_day)`,
    [ranges.map(({ from }) => from).join(','), ranges.map(({ to }) => addDays(to, 1)).join(','), zone],
  );
  await session.query(
    'insert into batch_user (user_id) select distinct user_id from stale_mark where user_id is not null',
  );
  await session.query('delete from stale_mark where day is null or day in (select day from batch_day)');
  await session.query('delete from captured_day where day in (select day from batch_day)');
  await scratch.filled(['batch_day', 'batch_range', 'batch_user']);
};

const parameterValues = async (
  session: Session,
  { zone, stepsDigest, runId }: BatchOptions,
): Promise<ParameterValues> => {
  const [moment] = await session.query<{
    as_of_day: string | null;
    as_of_moved: boolean;
    alive_from_day: string | null;
  }>(readPackageFile('sql/batch/as_of.sql'), [zone]);
  return {
    zone,
    as_of_day: moment?.as_of_day ?? null,
    as_of_moved: moment?.as_of_moved ?? false,
    alive_from_day: moment?.alive_from_day ?? null,
    steps_sha256: stepsDigest,
    run_id: runId,
  };
};

/** Below this many rows a stale idea of a table costs less than a new one. */
const manyRows = 10_000;

/**
 * A batch that fills a table is read by its own next steps, long before autovacuum sees it: without statistics they are
 * planned for an empty table. Only where a step wrote a fifth of the table or more, so that a nightly run pays nothing;
 * skip_locked, so that somebody's vacuum is not waited for. A role that does not own the table only gets a warning.
 */
const analyzeStored = async (session: Session, step: Step, rows: number): Promise<void> => {
  if (rows < manyRows) return;
  const written = step.writes.filter((table) => !temporaryTables.has(table));
  const grown = await session.query<{ name: string }>(
    `select written.name
     from unnest(string_to_array($1::text, ',')) as written (name)
     join pg_class on pg_class.oid = to_regclass(written.name)
     where pg_class.reltuples < 5 * $2::float8`,
    [written.join(','), rows],
  );
  if (grown.length > 0)
    await session.script(grown.map(({ name }) => `analyze (skip_locked) ${name};`).join(' '));
};
