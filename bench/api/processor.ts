import { readFileSync } from 'node:fs';
import type pg from 'pg';

/** Linux counts in ticks of 1/100 s. */
const tickMs = 10;

/** Milliseconds of processor time that a process has used, user and system; 0 where that can't be read. */
export const processorMs = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return 0;
  }
};

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
