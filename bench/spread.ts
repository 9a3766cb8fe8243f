/**
 * What figures on a cluster cost each node, by step, against the same on its coordinator alone. Needs Citus for a
 * server of this machine, as the tests of the cluster do.
 *
 *   npm run bench:spread -- [--size tiny] [--shards 4] [--batch-days N] [--without-plain]
 *   [--top 15] [--json]
 *
 * Processor time includes all processes of a node's server. All nodes share this machine: the time by the clock says
 * something of it alone. All tables are compared in the end; the exit code is 1 where a row differs. With
 * `--without-plain`, for sizes of which the machine has room for one copy only, nothing is derived on the coordinator
 * alone, and nothing compared. Twice as many shards as workers is what docs/scale.md advises.
 */

import pg from 'pg';
import { flagsOf } from '../scripts/flags.js';
import { readSettings } from '../src/config.js';
import { withDatabase } from '../src/db/database.js';
import { addDays } from '../src/pipeline/plan.js';
import { runPipeline } from '../src/pipeline/run.js';
import { startCluster } from '../test/citus/cluster.js';
import { copyToPlain, plainSource } from '../test/citus/spread.js';
import { runCli } from '../test/command/cli.js';
import { differencesOf } from '../test/figures/figures.js';
import { quiet } from '../test/prove/world.js';
import { say, sizeNamed } from './command-line.js';
import { postmasterMs, postmasterOf } from './cost.js';
import { backfillEnd } from './measurements.js';
import { makeData, sizes } from './world.js';

const flags = flagsOf(import.meta.url, {
  size: { type: 'string', default: 'tiny' },
  shards: { type: 'string' },
  top: { type: 'string', default: '15' },
  json: { type: 'boolean', default: false },
  'batch-days': { type: 'string' },
  'without-plain': { type: 'boolean', default: false },
});
const size = sizes[sizeNamed(flags.size)];
const batchDays = flags['batch-days'] === undefined ? null : Number(flags['batch-days']);
const isCompared = !flags['without-plain'];

/** Processor time in ms, the coordinator's first. */
type ByNode = readonly number[];

const minus = (one: ByNode, other: ByNode): ByNode => one.map((ms, index) => ms - (other[index] ?? 0));
const plus = (one: ByNode, other: ByNode): ByNode => one.map((ms, index) => ms + (other[index] ?? 0));

const connect = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

/** Derives the days up to one, and says what each step cost which node; '' is what comes before the first step. */
const costsOf = async (
  url: string,
  environment: NodeJS.ProcessEnv,
  to: string,
  nodes: readonly number[],
): Promise<ReadonlyMap<string, ByNode>> => {
  const costs = new Map<string, ByNode>();
  let step = '';
  const now = (): ByNode => nodes.map((pid) => postmasterMs(pid) ?? Number.NaN);
  let since = now();
  const next = (name: string): void => {
    const at = now();
    const cost = minus(at, since);
    costs.set(step, plus(cost, costs.get(step) ?? []));
    step = name;
    since = at;
  };
  const settings = readSettings({ databaseUrl: url }, environment);
  await withDatabase(settings, 'bench', undefined, (database) =>
    runPipeline(
      database,
      settings,
      { command: 'bench', to, always: true, batchDays },
      { ...quiet, stepStarted: next, batchEnded: () => next('commit') },
    ),
  );
  next('');
  return costs;
};

const sumOf = (costs: ReadonlyMap<string, ByNode>): ByNode =>
  [...costs.values()].reduce((sum, cost) => plus(cost, sum), [] as ByNode);

const cluster = await startCluster(flags.shards === undefined ? {} : { shards: Number(flags.shards) });
try {
  const url = await cluster.createDatabase('bench');
  const client = await connect(url);
  const workers = await Promise.all([1, 2].map((worker) => connect(cluster.workerUrl(worker, 'bench'))));
  const nodes = (await Promise.all([client, ...workers].map(postmasterOf))).map((pid) => pid ?? 0);
  await client.query("set timezone = 'UTC'");
  const taps = await makeData(client, size, 1);
  if (isCompared) {
    await client.query(`
      create table public.plain_users (like public.users including all);
      create table public.plain_taps (like public.taps including defaults including indexes);`);
    await copyToPlain(client);
    await client.query('analyze public.plain_users, public.plain_taps');
  }
  await client.query("select create_reference_table('public.users')");
  await client.query("select create_distributed_table('public.taps', 'id')");
  say(`${taps} taps of ${size.users} users`);
  const plain = { ...plainSource, ARC_GAM_SCHEMA: 'plain' };
  for (const [command, environment] of [
    ...(isCompared ? [['migrate', plain] as const] : []),
    ['migrate', {}],
    ['distribute', {}],
  ] as const) {
    const { code, stderr } = await runCli([command], { DATABASE_URL: url, ...environment });
    if (code !== 0) throw new Error(stderr);
  }
  const found = [];
  const end = backfillEnd(size);
  for (const [what, to] of [
    ['backfill', end],
    ['a night', addDays(end, 2)],
  ] as const) {
    const timed = async (where: string, environment: NodeJS.ProcessEnv) => {
      say(`${what}, ${where}`);
      const started = performance.now();
      const costs = await costsOf(url, environment, to, nodes);
      return { costs, seconds: (performance.now() - started) / 1000 };
    };
    const { costs: alone, seconds: secondsAlone } = isCompared
      ? await timed('on the coordinator alone', plain)
      : { costs: new Map<string, ByNode>(), seconds: Number.NaN };
    const { costs: spread, seconds } = await timed('on the cluster', {});
    const all = sumOf(spread).reduce((sum, ms) => sum + ms, 0);
    const rows = [...spread].map(([step, byNode]) => ({
      step: step || 'plan',
      'alone, ms': alone.get(step)?.[0] ?? 0,
      'coordinator, ms': byNode[0] ?? 0,
      'workers, ms': byNode.slice(1).join(' + '),
      'coordinator, of all': `${((100 * (byNode[0] ?? 0)) / all).toFixed(1)} %`,
    }));
    rows.sort((one, other) => other['coordinator, ms'] - one['coordinator, ms']);
    found.push({
      what,
      alone: sumOf(alone)[0] ?? null,
      byNode: sumOf(spread),
      seconds: [secondsAlone, seconds],
      steps: rows,
    });
  }
  const different = isCompared ? await differencesOf(client, 'gamification', 'plain') : null;
  await Promise.all([client, ...workers].map((one) => one.end()));
  if (flags.json)
    console.log(JSON.stringify({ size: flags.size, shards: cluster.shards, taps, found, different }));
  else {
    for (const { what, alone, byNode, seconds, steps } of found) {
      const [clockAlone = Number.NaN, clock = Number.NaN] = seconds;
      const all = byNode.reduce((sum, ms) => sum + ms, 0);
      console.log(
        `${what}: spread ${byNode.join(' + ')} ms, ${((100 * (byNode[0] ?? 0)) / all).toFixed(0)} % of it the coordinator's, ${clock.toFixed(1)} s by the clock`,
      );
      if (alone !== null)
        console.log(
          `  alone ${alone} ms, ${clockAlone.toFixed(1)} s by the clock: spread takes ${(clock / clockAlone).toFixed(2)} x`,
        );
      console.table(steps.slice(0, Number(flags.top)));
    }
    console.log(
      different === null
        ? 'Nothing was compared.'
        : different.length === 0
          ? 'All tables are equal.'
          : different.join('\n'),
    );
  }
  if (different !== null && different.length > 0) process.exitCode = 1;
} finally {
  await cluster.stop();
}
