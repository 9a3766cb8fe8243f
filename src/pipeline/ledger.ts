import { hostname } from 'node:os';
import { followLock, runLockHolder } from '../db/run-lock.js';
import type { Session } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import type { BatchResult, StepResult } from '../report/reporter.js';
import type { Day } from './plan.js';

export type RunState = 'done' | 'failed' | 'stopped';

/**
 * Marks runs that vanished without a word as dead, on behalf of a command that holds the lock of its kind. Whatever is
 * no follow does so for a follow as well, where nobody follows: its host may never start another one.
 */
export const closeDead = async (session: Session, command: string, schema: string): Promise<void> => {
  const isFollow = command === 'follow';
  const follower = isFollow ? undefined : await runLockHolder(session.query, followLock(schema));
  await session.query(readPackageFile('sql/ledger/close_dead.sql'), [!isFollow, follower === undefined]);
};

/** Opens a run in the ledger and returns its number. */
export const openRun = async (session: Session, command: string, schema: string): Promise<number> => {
  await closeDead(session, command, schema);
  const [opened] = await session.query<{ run_id: number }>(readPackageFile('sql/ledger/open_run.sql'), [
    command,
    hostname(),
    process.pid,
  ]);
  return opened?.run_id ?? 1;
};

/** Whether the last run failed or was stopped, which status tells until another one has ended. */
export const isLastUnwell = async (session: Session): Promise<boolean> => {
  const [last] = await session.query<{ is_unwell: boolean }>(
    "select state in ('failed', 'stopped') as is_unwell from run order by run_id desc limit 1",
  );
  return last?.is_unwell === true;
};

/** Whether users are marked to be derived again. */
export const isAnyUserMarked = async (session: Session): Promise<boolean> => {
  const rows = await session.query('select 1 from stale_mark where user_id is not null limit 1');
  return rows.length > 0;
};

/** Whether a run is still taken for one that goes on. */
export const isRunning = async (session: Session, runId: number): Promise<boolean> => {
  const rows = await session.query("select 1 from run where run_id = $1::integer and state = 'running'", [
    runId,
  ]);
  return rows.length > 0;
};

/** Adds what a batch did to its run, in the batch's own transaction. */
export const recordBatch = async (
  session: Session,
  runId: number,
  result: BatchResult,
  dayCount: number,
): Promise<void> => {
  await session.query(readPackageFile('sql/ledger/batch.sql'), [
    runId,
    result.asOfDay,
    dayCount,
    String(result.tapCount),
  ]);
};

/** Adds what steps did to what is noted of a run. */
export const recordSteps = async (
  session: Session,
  runId: number,
  steps: readonly StepResult[],
): Promise<void> => {
  await session.query(readPackageFile('sql/ledger/step.sql'), [runId, JSON.stringify(steps)]);
};

/** Closes a run with its state and, if it did not end well, one sentence. */
export const closeRun = async (
  session: Session,
  runId: number,
  state: RunState,
  retries: number,
  message: string | null,
): Promise<void> => {
  await session.query(
    'update run set state = $2::text, ended_at = now(), retry_count = $3::integer, message = $4::text where run_id = $1::integer',
    [runId, state, retries, message],
  );
};

/** The zone is recorded with the first figures. */
export const recordZone = async (session: Session, zone: string): Promise<void> => {
  await session.query(readPackageFile('sql/ledger/zone.sql'), [zone]);
};

/** Days that capture had noted and that are as they were: looked at, done. */
export const strikeOff = async (session: Session, days: readonly Day[]): Promise<void> => {
  if (days.length === 0) return;
  await session.query("delete from captured_day where day = any (string_to_array($1::text, ',')::date[])", [
    days.join(','),
  ]);
};

/**
 * What is noted of a batch's steps: of those that only prepare others the time, for their rows are gone with the batch.
 */
export const stepsOf = ({ steps, preparing }: Pick<BatchResult, 'steps' | 'preparing'>): StepResult[] => [
  ...steps,
  ...preparing.map((step) => ({ ...step, inserted: 0, updated: 0, deleted: 0 })),
];
