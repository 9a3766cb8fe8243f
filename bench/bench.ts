/**
 * How fast arc-gam is against hand-written SQL in the same server, one after the other: ratios, with their targets.
 *
 *   npm run bench -- [--size mini|tiny|medium|small|full] [--keep FOLDER] [--only NAME,...] [--json] [--seed 1]
 *
 * The data is made from the seed inside Postgres. The server is an embedded one, or that of TEST_DATABASE_URL (where
 * the bench makes databases of its own and drops them). The command is measured as a process. With --keep what was
 * measured is written down, data and server stay, and the same command goes on where it was stopped. See
 * bench/README.md.
 */
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { flagsOf, refuse } from '../scripts/flags.js';
import { say, sizeNamed } from './command-line.js';
import { Kept } from './keep.js';
import { linesOf } from './lines.js';
import { type Bench, measurements, type Name, names, type Results, withNeeds } from './measurements.js';
import { endMeasured } from './process.js';
import { openServer, sizes } from './world.js';

const flags = flagsOf(import.meta.url, {
  size: { type: 'string', default: 'small' },
  seed: { type: 'string', default: '1' },
  keep: { type: 'string' },
  only: { type: 'string' },
  json: { type: 'boolean', default: false },
});
const sizeName = sizeNamed(flags.size);
const wanted = (flags.only ?? names.join(',')).split(',').map((given) => {
  const known = names.find((name) => name === given.trim());
  return known ?? refuse(`--only takes ${names.join(', ')}, not '${given}'.`);
});
const size = sizes[sizeName];
const seed = Number(flags.seed);

const time = (givenSeconds: number): string =>
  givenSeconds < 90
    ? `${Math.round(givenSeconds)} s`
    : givenSeconds < 5400
      ? `${Math.round(givenSeconds / 60)} min`
      : `${(givenSeconds / 3600).toFixed(1)} h`;

const directory = flags.keep === undefined ? null : resolve(flags.keep);
const kept = new Kept(directory, {
  size: sizeName,
  seed,
  server: (process.env.TEST_DATABASE_URL ?? '') === '' ? 'embedded' : 'TEST_DATABASE_URL',
});
let isStopped = false;
const server = await openServer(undefined, directory === null ? undefined : join(directory, 'server'));
try {
  const prefix = `arc_gam_bench_${directory === null ? process.pid : `${sizeName}_${seed}`}`;
  const world = await server.open(`${prefix}_main`, { keep: directory !== null });
  try {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        say(
          directory === null ? 'Stopped.' : 'Stopped. What was measured is kept; the same command goes on.',
        );
        process.exitCode = 130;
        isStopped = true;
        endMeasured();
        // A statement of the bench's own is given up with its connection.
        void world.client.end();
      });
    }
    const bench: Bench = { sizeName, size, seed, server, world, kept, prefix, say };
    const seen: Partial<Results> = {};
    const note = <N extends Name>(name: N, result: Results[N]): void => {
      seen[name] = result;
    };
    const measure = async <N extends Name>(name: N): Promise<void> => {
      const known = kept.get<Results[N]>(name);
      const result = known ?? (await measurements[name].run(bench));
      if (known === undefined) kept.set(name, result);
      note(name, result);
    };

    const todo = withNeeds(wanted);
    const expected = (list: readonly Name[]): number =>
      list.reduce((sum, name) => sum + measurements[name].seconds(size), 0);
    const left = todo.filter((name) => kept.get(name) === undefined);
    let tookSeconds = 0;
    let expectedOfDone = 0;
    const [done, all] = [todo.length - left.length, todo.length];
    say(
      `${sizeName}: ${size.users} users, ${size.taps} taps, ${size.days} days; ${done === 0 ? '' : `${done} of ${all} measurements are there, `}about ${time(expected(left))} to go on two cores that do nothing else`,
    );
    for (const name of todo) {
      const isThere = kept.get(name) !== undefined;
      const started = performance.now();
      if (!isThere) say(`${name} ...`);
      await measure(name);
      if (isThere) continue;
      tookSeconds += (performance.now() - started) / 1000;
      expectedOfDone += measurements[name].seconds(size);
      // What has been seen of this machine says how far off the expectation is.
      const pace = expectedOfDone > 0 ? tookSeconds / expectedOfDone : 1;
      const rest = left.slice(left.indexOf(name) + 1);
      say(
        `${name}: ${time((performance.now() - started) / 1000)}${rest.length === 0 ? '' : `; about ${time(pace * expected(rest))} left for ${rest.join(', ')}`}`,
      );
    }

    const machine = {
      processor: cpus()[0]?.model.trim() ?? '',
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 2 ** 30),
      node: process.version,
      postgres: world.version,
      settings: world.settings,
    };
    const lines = linesOf(seen, sizeName, size);
    if (flags.json) {
      const data = { size: sizeName, seed, ...size, ...seen.data };
      process.stdout.write(`${JSON.stringify({ machine, data, lines, seen })}\n`);
    } else {
      console.log(
        `${machine.processor}, ${machine.cores} cores, ${machine.memoryGb} GB; node ${machine.node}; PostgreSQL ${machine.postgres}`,
      );
      console.log(
        Object.entries(machine.settings)
          .map(([name, value]) => `${name} = ${value}`)
          .join(', '),
      );
      console.log(
        `${sizeName}: ${size.users} users, ${seen.data?.taps ?? size.taps} taps, ${size.days} days${seen.space === undefined ? '' : `, ${seen.space.pairs} pairs`}`,
      );
      console.table(lines);
    }
    if (lines.some(({ verdict }) => verdict === 'missed')) process.exitCode = 1;
  } finally {
    await world.close();
  }
} catch (error) {
  if (!isStopped) throw error;
} finally {
  await server.close();
}
