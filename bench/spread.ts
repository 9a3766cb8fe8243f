/**
 * What figures on a cluster cost each node, by step, against the same on its coordinator alone. Needs Citus for a
 * server of this machine, as the tests of the cluster do.
 *
 *   npm run bench:spread -- [--size tiny] [--shards 4] [--batch-days N] [--only coordinator|cluster] [--top 15] [--json]
 *
 * Processor time includes all processes of a node's server. All nodes share this machine: the time by the clock says
 * something of it alone. All tables are compared in the end; the exit code is 1 where a row differs. --only derives the
 * figures once, for sizes of which the machine has room for one copy, and tells digests of the tables, to be held
 * against those of the other place. Twice as many shards as workers is what docs/scale.md advises.
 */
import pg from 'pg';
import { flagsOf, refuse } from '../scripts/flags.js';
import { readSettings } from '../src/config.js';
import { withDatabase } from '../src/db/database.js';
import { addDays } from '../src/pipeline/plan.js';
import { runPipeline } from '../src/pipeline/run.js';
import { startCluster } from '../test/citus/cluster.js';
import { copyToPlain, plainSource } from '../test/citus/spread.js';
import { runCli } from '../test/command/cli.js';
import { differencesOf, digestsOf } from '../test/figures/figures.js';
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
  only: { type: 'string' },
});
const size = sizes[sizeNamed(flags.size)];
const batchDays = flags['batch-days'] === undefined ? null : Number(flags['batch-days']);
if (!['coordinator', 'cluster', undefined].includes(flags.only))
  refuse(`--only is coordinator or cluster, not '${flags.only}'.`);
const isAlone = flags.only !== 'cluster';
const isSpread = flags.only !== 'coordinator';

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

/** What figures took at one place. */
interface Derived {
  readonly costs: ReadonlyMap<string, ByNode>;
  readonly byNode: ByNode;
  readonly seconds: number;
}

/** The coordinator's share of the nodes' work, or of another's. */
const shareOf = ({ byNode }: Derived, [coordinator = 0]: ByNode = byNode): string =>
  `${((100 * coordinator) / byNode.reduce((sum, ms) => sum + ms, 0)).toFixed(1)} %`;

/** A line for each step, those first that take the coordinator most. */
const stepsOf = (alone: Derived | null, spread: Derived | null) =>
  [...new Set([...(spread?.costs.keys() ?? []), ...(alone?.costs.keys() ?? [])])]
    .map((step) => {
      const [aloneMs = 0] = alone?.costs.get(step) ?? [];
      const byNode = spread?.costs.get(step) ?? [];
      return {
        step: step || 'plan',
        ...(alone && { 'alone, ms': aloneMs }),
        ...(spread && {
          'coordinator, ms': byNode[0] ?? 0,
          'workers, ms': byNode.slice(1).join(' + '),
          'coordinator, of all': shareOf(spread, byNode),
        }),
        ms: byNode[0] ?? aloneMs,
      };
    })
    .sort((one, other) => other.ms - one.ms)
    .map(({ ms: _, ...line }) => line);

const cluster = await startCluster(flags.shards === undefined ? {} : { shards: Number(flags.shards) });
try {
  const url = await cluster.createDatabase('bench');
  const client = await connect(url);
  const workers = await Promise.all([1, 2].map((worker) => connect(cluster.workerUrl(worker, 'bench'))));
  const nodes = (await Promise.all([client, ...workers].map(postmasterOf))).map((pid) => pid ?? 0);
  await client.query("set timezone = 'UTC'");
  const taps = await makeData(client, size, 1);
  if (isAlone) {
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
    ...(isAlone ? [['migrate', plain] as const] : []),
    ...(isSpread
      ? ([
          ['migrate', {}],
          ['distribute', {}],
        ] as const)
      : []),
  ]) {
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
      return { costs, byNode: sumOf(costs), seconds: (performance.now() - started) / 1000 };
    };
    const alone = isAlone ? await timed('on the coordinator alone', plain) : null;
    const spread = isSpread ? await timed('on the cluster', {}) : null;
    found.push({ what, alone, spread, steps: stepsOf(alone, spread) });
  }
  const different = isAlone && isSpread ? await differencesOf(client, 'gamification', 'plain') : null;
  const digests = different === null ? await digestsOf(client, isSpread ? 'gamification' : 'plain') : null;
  await Promise.all([client, ...workers].map((one) => one.end()));
  if (flags.json) {
    const plainly = found.map(({ alone, spread, ...rest }) => ({
      ...rest,
      alone: alone && { ms: alone.byNode[0], seconds: alone.seconds },
      spread: spread && { ms: spread.byNode, seconds: spread.seconds },
    }));
    console.log(
      JSON.stringify({ size: flags.size, shards: cluster.shards, taps, found: plainly, different, digests }),
    );
  } else {
    for (const { what, alone, spread, steps } of found) {
      if (spread !== null)
        console.log(
          `${what}: spread ${spread.byNode.join(' + ')} ms, ${shareOf(spread)} of it the coordinator's, ${spread.seconds.toFixed(1)} s by the clock`,
        );
      if (alone !== null)
        console.log(`${what}: alone ${alone.byNode[0]} ms, ${alone.seconds.toFixed(1)} s by the clock`);
      if (alone !== null && spread !== null)
        console.log(`  spread takes ${(spread.seconds / alone.seconds).toFixed(2)} x by the clock`);
      console.table(steps.slice(0, Number(flags.top)));
    }
    if (digests !== null) console.table(digests);
    else console.log(different?.length === 0 ? 'All tables are equal.' : different?.join('\n'));
  }
  if (different !== null && different.length > 0) process.exitCode = 1;
} finally {
  await cluster.stop();
}
