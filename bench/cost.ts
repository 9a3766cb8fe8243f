import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';
import type { World } from './world.js';

/** What something took. */
export interface Cost {
  readonly wallMs: number;
  /** Processor time of the server with all its processes; null where it runs on another machine. */
  readonly serverMs: number | null;
  /** Processor time of the process that was run; 0 for a statement of the bench's own. */
  readonly nodeMs: number;
}

export const noCost: Cost = { wallMs: 0, serverMs: 0, nodeMs: 0 };

/** Costs one after the other. */
export const sumOfCosts = (costs: readonly Cost[]): Cost =>
  costs.reduce(
    (sum, cost) => ({
      wallMs: sum.wallMs + cost.wallMs,
      serverMs: sum.serverMs === null || cost.serverMs === null ? null : sum.serverMs + cost.serverMs,
      nodeMs: sum.nodeMs + cost.nodeMs,
    }),
    noCost,
  );

/** All processor time of a cost, in ms; null where the server's is not known. */
export const processorOf = (cost: Cost): number | null =>
  cost.serverMs === null ? null : cost.serverMs + cost.nodeMs;

/** Clock ticks of proc(5), on every Linux that Node runs on. */
const tickMs = 10;

/** Fields of /proc/PID/stat from the third on, counted as proc(5) does; null where there is none. */
const statOf = (pid: number): ((field: number) => number) | null => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (field) => Number(fields[field - 3]);
  } catch {
    return null;
  }
};

/**
 * Processor time of a process, user and system, in ms; with `ended` also of its children that have ended. Null where
 * /proc is not there.
 */
export const processMs = (pid: number, ended = false): number | null => {
  const stat = statOf(pid);
  if (stat === null) return null;
  return tickMs * (stat(14) + stat(15) + (ended ? stat(16) + stat(17) : 0));
};

/** The process id of a server on this machine; null where it runs on another one. */
export const postmasterOf = async (client: pg.Client): Promise<number | null> => {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return statOf(rows[0]?.pid ?? 0)?.(4) ?? null;
};

/** Processor time of a server with all its processes, other databases' included, in ms; null where it is not there. */
export const postmasterMs = (postmaster: number): number | null => {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && statOf(Number(name))?.(4) === postmaster)
    .map((name) => processMs(Number(name)) ?? 0);
  const own = processMs(postmaster, true);
  return own === null ? null : own + children.reduce((sum, ms) => sum + ms, 0);
};

/** The same of the server of a connection. Null where it runs on another machine. */
export const serverProcessorMs = async (client: pg.Client): Promise<number | null> => {
  const postmaster = await postmasterOf(client);
  return postmaster === null ? null : postmasterMs(postmaster);
};

/** What some work took on a world's server; `nodeOf` says the processor time of a process that the work ran. */
export const costOf = async <T>(
  { client }: Pick<World, 'client'>,
  work: () => Promise<T>,
  nodeOf: (result: T) => number = () => 0,
): Promise<Cost> => {
  const before = await serverProcessorMs(client);
  const started = performance.now();
  const result = await work();
  const wallMs = performance.now() - started;
  const after = await serverProcessorMs(client);
  return {
    wallMs,
    serverMs: before === null || after === null ? null : Math.max(0, after - before),
    nodeMs: nodeOf(result),
  };
};
