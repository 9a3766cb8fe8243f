import type { Session } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import { addDays, dayRanges, type PlannedDay } from './plan.js';
import type { Step, StepParameter } from './step.js';

/** Rows that a step wrote, and how long it took. */
export interface StepResult {
  readonly step: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly durationMs: number;
}

export interface BatchResult {
  /** The steps that write what stays. */
  readonly steps: readonly StepResult[];
  /** The steps that only prepare what later steps read: they write nothing that stays, but take their time. */
  readonly preparing: readonly StepResult[];
  /** Valid taps read. */
  readonly tapCount: number;
  /** L after the batch; null while P is empty. */
  readonly asOfDay: string | null;
}

export interface BatchOptions {
  readonly zone: string;
  readonly steps: readonly Step[];
  readonly stepsDigest: string;
  readonly runId: number;
  readonly days: readonly PlannedDay[];
  readonly onStep?: (step: string) => void;
}

const openBatch = readPackageFile('sql/batch/open.sql');
/** Tables of a batch, gone with its transaction. */
export const temporaryTables: ReadonlySet<string> = new Set(
  [...openBatch.matchAll(/create temp table (\w+)/g)].map(([, table = '']) => table),
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
  await session.script(openBatch);
  await fillBatch(session, options);
  const values = await parameterValues(session, options);
  const steps: StepResult[] = [];
  for (const step of options.steps) {
    options.onStep?.(step.name);
    const started = performance.now();
    const avoid = (state: 'on' | 'off') =>
      session.script(step.avoid.map((way) => `set local enable_${way} = ${state};`).join(' '));
    if (step.avoid.length > 0) await avoid('off');
    const [written] = await session.query<{ inserted: number; updated: number; deleted: number }>(
      step.text,
      step.params.map((parameter) => values[parameter]),
    );
    if (step.avoid.length > 0) await avoid('on');
    await analyzeTemporary(session, step);
    await analyzeStored(session, step, (written?.inserted ?? 0) + (written?.deleted ?? 0));
    steps.push({
      step: step.name,
      inserted: written?.inserted ?? 0,
      updated: written?.updated ?? 0,
      deleted: written?.deleted ?? 0,
      durationMs: performance.now() - started,
    });
  }
  const [read] = await session.query<{ taps: number }>(
    'select coalesce(sum(tap_count), 0)::float8 as taps from batch_tap where ignored_because is null',
  );
  return {
    steps: steps.filter((_, index) => !isTemporary(options.steps[index])),
    preparing: steps.filter((_, index) => isTemporary(options.steps[index])),
    tapCount: read?.taps ?? 0,
    asOfDay: values.as_of_day as string | null,
  };
};

/** A step that only prepares what later steps read writes nothing that stays. */
const isTemporary = (step: Step | undefined): boolean =>
  step !== undefined && step.writes.length > 0 && step.writes.every((table) => temporaryTables.has(table));

/** Rows written by steps in total. */
export const rowsWritten = (steps: readonly StepResult[]): number =>
  steps.reduce((sum, step) => sum + step.inserted + step.updated + step.deleted, 0);

const fillBatch = async (session: Session, { days, zone }: BatchOptions): Promise<void> => {
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
  await session.script('analyze batch_day; analyze batch_range; analyze batch_user;');
};

const parameterValues = async (
  session: Session,
  { zone, stepsDigest, runId }: BatchOptions,
): Promise<Record<StepParameter, string | number | boolean | null>> => {
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

/** Without statistics the planner takes a temporary table for small, whatever a step has put into it. */
const analyzeTemporary = async (session: Session, step: Step): Promise<void> => {
  const filled = step.writes.filter((table) => temporaryTables.has(table));
  if (filled.length > 0) await session.script(filled.map((table) => `analyze ${table};`).join(' '));
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
