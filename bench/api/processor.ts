import type pg from 'pg';
import { processMs } from '../cost.js';

/** Processor time that a process has used, user and system, in ms; 0 where that can't be read. */
export const processorMs = (pid: number): number => processMs(pid) ?? 0;

/** The same of each server process that answers `arc-gam serve`; 0 where the server is on another machine. */
export const backendsMs = async (client: pg.Client): Promise<ReadonlyMap<number, number>> => {
  const { rows } = await client.query<{ pid: number }>(
    "select pid from pg_stat_activity where datname = current_database() and application_name like 'arc-gam serve%'",
  );
  return new Map(rows.map(({ pid }) => [pid, processorMs(pid)]));
};

/**
 * What was used between two such looks. A process that has ended in between (the connection of a caller who hung up is
 * thrown away) counts nothing, instead of all that it ever used.
 */
export const spentMs = (before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number =>
  [...after].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? 0), 0);
