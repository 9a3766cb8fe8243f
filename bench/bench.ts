/**
 * How fast arc-gam is against hand-written SQL in the same server, one after the other: ratios, with their targets.
 *
 *   npm run bench -- [--size mini|tiny|medium|small|full] [--json] [--seed 1]
 *
 * The data is made from the seed inside Postgres. The server is an embedded one, or that of TEST_DATABASE_URL (where the
 * bench makes a database of its own and drops it). The command is measured as a process. See bench/README.md.
 */
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { readPackageFile } from '../src/files.js';
import { measureInserts } from './inserts.js';
import { median, runCommand, runSelectOne, timed } from './measure.js';
import {
  comparedSteps,
  compareWithReference,
  runReference,
  runSecondDegreeReference,
  secondDegreeSteps,
} from './reference.js';
import { dayAt, makeData, openWorld, sizes, type World } from './world.js';

interface Line {
  readonly what: string;
  readonly measured: string;
  readonly reference: string;
  readonly result: string;
  readonly target: string;
  readonly verdict: 'ok' | 'MISSED' | '';
}

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: 'small' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const sizeName = Object.keys(sizes).find((name) => name === flags.size) as keyof typeof sizes | undefined;
if (sizeName === undefined) {
  throw new Error(`--size is one of ${Object.keys(sizes).join(', ')}, not '${flags.size}'.`);
}
const size = sizes[sizeName];
const lines: Line[] = [];
const details: Record<string, unknown> = {};
let peakMb = 0;

const say = (text: string): void => {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
};
const seconds = (milliseconds: number): string =>
  milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** A line whose result is measured / reference, as a factor or in per cent. */
const ratio = (what: string, measured: number, reference: number, target: number, unit: 'x' | '%'): void => {
  const quotient = measured / reference;
  const show = (value: number) => (unit === 'x' ? `${value.toFixed(2)} x` : `${(100 * value).toFixed(1)} %`);
  add(what, seconds(measured), seconds(reference), show(quotient), `<= ${show(target)}`, quotient <= target);
};

const add = (
  what: string,
  measured: string,
  reference: string,
  result: string,
  target: string,
  isMet: boolean | null,
): void => {
  const line: Line = {
    what,
    measured,
    reference,
    result,
    target,
    verdict: isMet === null ? '' : isMet ? 'ok' : 'MISSED',
  };
  lines.push(line);
  say(`${what}: ${measured} against ${reference}, ${result}`);
};

const command = async (world: World, ...args: string[]) => {
  const run = await runCommand(world, ...args);
  peakMb = Math.max(peakMb, run.peakMb);
  details[`${Object.keys(details).length + 1} ${args.join(' ')}`] = {
    wallMs: run.wallMs,
    cpuMs: run.cpuMs,
    serverMs: run.serverMs,
    peakMb: run.peakMb,
    steps: Object.fromEntries(Object.entries(run.steps).sort(([, one], [, other]) => other - one)),
  };
  return run;
};

const world = await openWorld('main');
try {
  const lastDay = dayAt(size.days - 1);
  const dayBefore = dayAt(size.days - 2);
  const taps = await makeData(world.client, size, Number(flags.seed));
  say(`${size.users} users, ${taps} taps, ${size.days} days (${sizeName}, seed ${flags.seed})`);
  await command(world, 'migrate');

  // The backfill of all days but the last, then the reference over the same taps.
  const backfill = await command(world, 'backfill', '--to', dayBefore);
  const idleServer = backfill.serverMs;
  say(`backfill ${seconds(backfill.wallMs)}`);
  const nightly = await command(world, 'etl', '--date', lastDay);
  const reference = await runReference(world);
  await compareWithReference(world);
  details.reference = reference;
  const compared = sum(
    Object.entries(backfill.steps)
      .filter(([step]) => comparedSteps.has(step))
      .map(([, milliseconds]) => milliseconds),
  );
  const secondDegree = sum(secondDegreeSteps.map((step) => backfill.steps[step] ?? 0));
  const others = sum(Object.values(backfill.steps)) - compared - secondDegree;
  const referenceMs = sum(Object.values(reference));
  ratio('backfill: the tables of the reference', compared, referenceMs, 2, 'x');
  add('backfill: quests, surges, homes, ledger', seconds(others), 'none written', '-', '-', null);
  const counted = await runSecondDegreeReference(world);
  ratio('second degree of all weeks', secondDegree, counted, 2, 'x');
  ratio('nightly etl / rebuild', nightly.wallMs, backfill.wallMs, 0.04, '%');
  if (idleServer !== null) {
    const overhead = backfill.wallMs - idleServer;
    ratio('CLI overhead of the backfill', overhead, backfill.wallMs, 0.02, '%');
  }

  // The digest pass that every run without capture begins with.
  const digestText = readPackageFile('sql/plan/suspect_day.sql');
  const digest: number[] = [];
  const hashed: number[] = [];
  // As src/db/transaction.ts and src/pipeline/stale.ts set it.
  await world.client.query(
    "set search_path = gamification, pg_temp; set jit = off; set work_mem = '128MB'; set parallel_tuple_cost = 0.001",
  );
  for (let turn = 0; turn < 3; turn += 1) {
    hashed.push(
      await timed(() =>
        world.client.query(
          "select count(*), sum(hashtext(concat_ws('|', id1, id2, time, latitude, longitude))) from public.taps",
        ),
      ),
    );
    digest.push(await timed(() => world.client.query(digestText, ['UTC', null, null])));
  }
  ratio('digest pass over history', median(digest), median(hashed), 1.5, 'x');
  const compare = await command(world, 'etl', '--date', lastDay);
  add('etl with nothing to do, capture off', seconds(compare.wallMs), '', '-', '-', null);

  // With capture on.
  await command(world, 'capture', 'on');
  await command(world, 'etl', '--date', lastDay);
  const idle: number[] = [];
  const least: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    least.push((await runSelectOne(world)).wallMs);
    idle.push((await command(world, 'etl', '--date', lastDay)).wallMs);
  }
  const more = median(idle) - median(least);
  add(
    'etl with nothing to do, capture on',
    seconds(median(idle)),
    seconds(median(least)),
    `+ ${more.toFixed(0)} ms`,
    '<= + 200 ms',
    more <= 200,
  );

  const late = dayAt(size.days - 61);
  await world.client.query(
    `insert into public.taps (id1, id2, time)
     select id1, id2, $1::timestamptz from public.taps where time >= $1::timestamptz order by time limit 1`,
    [`${late}T12:00:00Z`],
  );
  const lateTap = await command(world, 'etl', '--date', lastDay);
  ratio('one tap 60 days late / nightly', lateTap.wallMs, nightly.wallMs, 0.25, '%');
  // The first of several taps of a pair, from the middle of history: their connection moves to a later week.
  await world.client.query(
    `delete from public.taps using (
       select pair.first_tap_at, key1.user_id as u1, key2.user_id as u2
       from gamification.pair
       join gamification.user_key as key1 on key1.user_key = pair.u1_key
       join gamification.user_key as key2 on key2.user_key = pair.u2_key
       where pair.tap_count > 2 and pair.first_day between $1 and $1::date + 30
       order by pair.first_day, pair.u1_key, pair.u2_key limit 1
     ) as met
     where taps.time = met.first_tap_at and least(taps.id1, taps.id2) = met.u1 and greatest(taps.id1, taps.id2) = met.u2`,
    [dayAt(Math.floor(size.days / 3))],
  );
  const deleted = await command(world, 'etl', '--date', lastDay);
  ratio('one deleted first tap / nightly', deleted.wallMs, nightly.wallMs, 0.25, '%');

  const single = await measureInserts(world, 1, 300, 6);
  ratio('inserts with capture, single rows', single.on, single.off, 1.15, 'x');
  const batches = await measureInserts(world, 1000, 10, 6);
  ratio('inserts with capture, batches of 1,000', batches.on, batches.off, 1.15, 'x');
  add('memory of the CLI, peak', `${peakMb.toFixed(0)} MB`, '', '-', '<= 150 MB', peakMb <= 150);

  const { rows: graph } = await world.client.query<{ pairs: number; degree: number }>(
    `select count(*)::integer as pairs, (2.0 * count(*) / nullif((select count(*) from gamification.user_key), 0))::float8 as degree
     from gamification.pair`,
  );
  const machine = {
    processor: cpus()[0]?.model.trim() ?? '',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    postgres: world.version,
    settings: world.settings,
  };
  const data = { size: sizeName, seed: Number(flags.seed), ...size, taps, ...graph[0] };
  if (flags.json) process.stdout.write(`${JSON.stringify({ machine, data, lines, details })}\n`);
  else {
    console.log(
      `${machine.processor}, ${machine.cores} cores, ${machine.memoryGb} GB; node ${machine.node}; PostgreSQL ${machine.postgres}`,
    );
    console.log(
      Object.entries(machine.settings)
        .map(([name, value]) => `${name} = ${value}`)
        .join(', '),
    );
    console.log(
      `${sizeName}: ${size.users} users, ${taps} taps, ${size.days} days, ${graph[0]?.pairs} pairs, average degree ${graph[0]?.degree.toFixed(1)}`,
    );
    console.table(lines);
  }
  if (lines.some(({ verdict }) => verdict === 'MISSED')) process.exitCode = 1;
} finally {
  await world.close();
}
