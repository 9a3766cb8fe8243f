/**
 * Lives through made-up histories of a community, and after every run compares all tables with a rebuild from nothing.
 *
 *   npm run prove -- [--operations 300] [--seeds 20] [--seed 1] [--no-shrink] [--mutations] [--upgrade] [--only NAME]
 *                    [--follow] [--pooled] [--citus] [--distributed] [--shards N]
 *
 * --mutations makes mistakes in the steps, each of which a history must find; --only names some of them. With --upgrade
 * each is taken for an older version, after which a night with the package's own steps is due. --follow: a follower
 * runs beside the history, killed and started again; --pooled: it connects through PgBouncer. --citus: the taps are
 * distributed over a cluster, --distributed: the figures too, and each rebuild is plain Postgres'. A failing history is
 * made smaller; --no-shrink leaves it.
 */
import fc from 'fast-check';
import pg from 'pg';
import { flagsOf } from '../../scripts/flags.js';
import { startEmbedded } from '../../src/demo/embedded.js';
import { loadSteps } from '../../src/pipeline/order.js';
import type { Step } from '../../src/pipeline/step.js';
import { startCluster } from '../citus/cluster.js';
import { startBouncer } from '../server/bouncer.js';
import { liveBesideFollower } from './follow.js';
import { mutations } from './mutations.js';
import { type Story, stories } from './story.js';
import { live, liveThroughUpgrade, prepareTemplate } from './world.js';

const values = flagsOf(import.meta.url, {
  operations: { type: 'string', default: '300' },
  seeds: { type: 'string', default: '20' },
  seed: { type: 'string', default: '1' },
  mutations: { type: 'boolean', default: false },
  upgrade: { type: 'boolean', default: false },
  only: { type: 'string' },
  follow: { type: 'boolean', default: false },
  pooled: { type: 'boolean', default: false },
  citus: { type: 'boolean', default: false },
  distributed: { type: 'boolean', default: false },
  shards: { type: 'string' },
  'no-shrink': { type: 'boolean', default: false },
});

const given = process.env.TEST_DATABASE_URL;
const cluster =
  values.citus || values.distributed
    ? await startCluster(values.shards === undefined ? {} : { shards: Number(values.shards) })
    : null;
const server =
  cluster !== null
    ? { url: cluster.url('postgres'), stop: cluster.stop }
    : given
      ? { url: given, stop: async () => undefined }
      : await startEmbedded({
          settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
        });
const admin = new pg.Client({ connectionString: server.url });
await admin.connect();
const bouncer = values.pooled ? await startBouncer(server.url) : null;
const prefix = `arc_gam_prove_${process.pid}`;
const urlOf = (database: string): string => {
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  return url.href;
};
let count = 0;

/** Lives through a story on a database of its own. */
const liveOnCopy = async (story: Story, steps?: readonly Step[]): Promise<void> => {
  count += 1;
  const name = `${prefix}_${count}`;
  if (cluster === null) await admin.query(`create database ${name} template ${prefix}_template`);
  try {
    if (cluster !== null)
      await prepareTemplate(await cluster.createDatabase(name), {
        isSpread: true,
        isDistributed: values.distributed,
      });
    if (values.upgrade && steps !== undefined) await liveThroughUpgrade(urlOf(name), story, steps);
    else if (values.follow) await liveBesideFollower(urlOf(name), story, bouncer?.through(urlOf(name)));
    else await live(urlOf(name), story, { steps, isSpread: cluster !== null });
  } finally {
    if (cluster === null) await admin.query(`drop database ${name} with (force)`);
    else await cluster.dropDatabase(name);
  }
};

/** A story to read: an operation a line. */
const describe = (story: Story | undefined): string =>
  [`zone ${story?.zone}`, ...(story?.operations ?? []).map((operation) => JSON.stringify(operation))].join(
    '\n',
  );

/** Tries stories of one seed; returns the smallest failing one, in words, or null. */
const disprove = async (
  seed: number,
  operations: number,
  runs: number,
  steps?: readonly Step[],
  shrinkMs = 60_000,
): Promise<string | null> => {
  const result = await fc.check(
    fc.asyncProperty(stories(operations), (story) => liveOnCopy(story, steps)),
    {
      seed,
      numRuns: runs,
      endOnFailure: values['no-shrink'],
      interruptAfterTimeLimit: steps === undefined ? 3_600_000 : shrinkMs,
      markInterruptAsFailure: false,
    },
  );
  if (!result.failed) return null;
  const error =
    result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
  return `${error}\nThe smallest failing story (seed ${seed}, ${result.numShrinks} shrinks):\n${describe(result.counterexample?.[0])}`;
};

let failed = 0;
let passed = 0;
try {
  if (cluster === null) {
    await admin.query(`create database ${prefix}_template`);
    await prepareTemplate(urlOf(`${prefix}_template`));
  }
  const firstSeed = Number(values.seed);
  const operations = Number(values.operations);
  if (values.upgrade) {
    for (const mutation of mutations.filter(
      ({ name }) => values.only === undefined || name.includes(values.only),
    ))
      for (let seed = firstSeed; seed < firstSeed + Number(values.seeds); seed += 1) {
        const started = Date.now();
        const disproof = await disprove(seed, operations, 1, mutation.apply(loadSteps()), 3_600_000);
        if (disproof === null) passed += 1;
        else failed += 1;
        process.stdout.write(
          `${mutation.name}, seed ${seed}: ${disproof === null ? 'mended by the upgrade' : `LEFT WRONG. ${disproof}`} (${Date.now() - started} ms)\n`,
        );
      }
  } else if (values.mutations) {
    for (const mutation of mutations.filter(
      ({ name }) => values.only === undefined || name.includes(values.only),
    )) {
      const started = Date.now();
      let caught: string | null = null;
      for (let seed = firstSeed; seed < firstSeed + Number(values.seeds) && caught === null; seed += 1) {
        const found = await fc.check(
          fc.asyncProperty(stories(operations), (story) => liveOnCopy(story, mutation.apply(loadSteps()))),
          { seed, numRuns: 1, endOnFailure: true },
        );
        if (found.failed)
          caught = `seed ${seed}: ${String((found.errorInstance as Error).message).split('\n')[1] ?? ''}`;
      }
      if (caught === null) failed += 1;
      else passed += 1;
      process.stdout.write(
        `${caught === null ? 'SURVIVED' : 'caught  '} ${mutation.name} (${Date.now() - started} ms) ${caught ?? ''}\n`,
      );
    }
  } else {
    for (let seed = firstSeed; seed < firstSeed + Number(values.seeds); seed += 1) {
      const started = Date.now();
      const disproof = await disprove(seed, operations, 1);
      if (disproof === null) passed += 1;
      else failed += 1;
      process.stdout.write(
        disproof === null
          ? `seed ${seed}: ${operations} operations, equal to a rebuild after every ${values.follow ? 'pause' : 'run'} (${Date.now() - started} ms)\n`
          : `seed ${seed}: DISPROVED. ${disproof}\n`,
      );
    }
  }
} finally {
  await admin.query(`drop database if exists ${prefix}_template with (force)`);
  await admin.end();
  bouncer?.stop();
  await server.stop();
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
