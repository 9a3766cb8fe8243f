import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopPid } from '../src/demo/embedded.js';
import { readPackageFile } from '../src/files.js';
import { type Cost, costOf } from './cost.js';
import { measureInserts } from './inserts.js';
import type { Kept } from './keep.js';
import { type CliRun, command, median, runCommand, runResumed, runSelectOne } from './measure.js';
import { measureNode } from './process.js';
import { countTwoHops, differencesFromReference, runReference } from './reference.js';
import { dayAt, makeData, type Server, type Size, sizes, type World } from './world.js';

/** What a measurement needs to know, and where it notes what it saw. */
export interface Bench {
  readonly sizeName: keyof typeof sizes;
  readonly size: Size;
  readonly seed: number;
  readonly server: Server;
  readonly world: World;
  readonly kept: Kept;
  /** Begins the names of the databases that it makes. */
  readonly prefix: string;
  say(text: string): void;
}

/** A run of the command without what it said. */
export type Run = Omit<CliRun, 'stdout'>;

/** What the bench sees, by measurement. */
export interface Results {
  data: { readonly taps: number };
  migrate: Run;
  backfill: Run;
  reference: Readonly<Record<string, Cost>>;
  two_hops: Cost;
  batches: { readonly five: Run; readonly one: Run };
  smaller: { readonly run: Run; readonly taps: number };
  nights: { readonly monday: Run; readonly midweek: Run };
  space: {
    readonly bytes: number;
    readonly tables: Readonly<Record<string, number>>;
    readonly pairs: number;
  };
  digest: { readonly pass: Cost; readonly count: Cost };
  idle: { readonly without: Run; readonly run: Run; readonly nodeMs: number; readonly nodeCpuMs: number };
  late: Run;
  deleted: Run;
  today: { readonly one: Run; readonly many: Run };
  verify: { readonly sample: Run; readonly full: Run };
  inserts: Readonly<Record<'single' | 'batch', { readonly off: number; readonly on: number }>>;
  hub: readonly { readonly users: number; readonly without: Run; readonly with: Run }[];
  demo: { readonly computing: Run; readonly verify: Run };
}

export type Name = keyof Results;

interface Measurement<N extends Name> {
  /** What has to be measured before. */
  readonly needs: readonly Name[];
  /** Roughly how many seconds it takes on two cores that do nothing else. */
  readonly seconds: (size: Size) => number;
  readonly run: (bench: Bench) => Promise<Results[N]>;
}

const withoutOutput = ({ stdout: _, ...run }: CliRun): Run => run;
const arcGam = async (world: World, ...args: readonly string[]): Promise<Run> =>
  withoutOutput(await runCommand(world, ...args));

/** A second degree is counted again for each batch, and it grows with the square of whom people know. */
const backfillSeconds = ({ taps }: Size): number => 4 + 165 * (taps / 1e6) ** 1.3;

/**
 * Days that the backfill leaves for the nights after it: a Monday, a Wednesday, and as many again for a bench that was
 * stopped.
 */
const daysLeft = 13;

/** The Saturday with which the backfill ends. */
export const backfillEnd = (size: Size): string => {
  const day = new Date(`${dayAt(size.days - 1 - daysLeft)}T00:00:00Z`);
  return new Date(day.getTime() - ((day.getUTCDay() + 1) % 7) * 86_400_000).toISOString().slice(0, 10);
};

const dayAfter = (day: string, count = 1): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);

const asOfDay = async ({ client }: World): Promise<string> => {
  const { rows } = await client.query<{ day: string }>(
    'select max(day)::text as day from gamification.processed_day',
  );
  return rows[0]?.day ?? '';
};

/** Brings everything up to the day before the next of a weekday (0: Sunday), and measures that night. */
const nightOf = async (world: World, weekday: number): Promise<Run> => {
  let night = dayAfter(await asOfDay(world));
  while (new Date(`${night}T00:00:00Z`).getUTCDay() !== weekday) {
    await runCommand(world, 'etl', '--date', night);
    night = dayAfter(night);
  }
  return arcGam(world, 'etl', '--date', night);
};

/** A backfill that goes on where the bench was stopped. */
const backfillKept = async (
  { kept }: Bench,
  name: string,
  world: World,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Run> =>
  withoutOutput(
    await runResumed(world, args, {
      environment,
      before: kept.get<CliRun>(`${name} so far`),
      onBatch: (run) => kept.set(`${name} so far`, run),
    }),
  );

/** A community in a database of its own, which goes with it. */
const inOwnDatabase = async <T>(
  { server, prefix, seed }: Bench,
  name: string,
  size: Size,
  work: (world: World, taps: number) => Promise<T>,
): Promise<T> => {
  await server.drop(`${prefix}_${name}`);
  const world = await server.open(`${prefix}_${name}`);
  try {
    const taps = await makeData(world.client, size, seed);
    await runCommand(world, 'migrate');
    return await work(world, taps);
  } finally {
    await world.close();
  }
};

const smallerOf = {
  mini: 'mini',
  tiny: 'mini',
  medium: 'tiny',
  small: 'medium',
  full: 'small',
} as const satisfies Record<keyof typeof sizes, keyof typeof sizes>;

const fiveBatches = ({ days }: Size): string => String(Math.ceil((days - daysLeft) / 5));

/** Taps of the as-of day that arrive after its night: copies of those of the next days, moved to it. */
const arriveToday = async ({ client }: World, day: string, count: number): Promise<void> => {
  await client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude)
     select id1, id2, $1::date + (time at time zone 'UTC')::time, latitude, longitude
     from public.taps where time >= $1::date + 1 order by time limit $2`,
    [day, count],
  );
};

/** All that can be measured, in the order in which it is. */
export const measurements: { readonly [N in Name]: Measurement<N> } = {
  data: {
    needs: [],
    seconds: ({ taps }) => 20 * (taps / 1e6),
    run: async ({ world, size, seed }) => {
      await world.client.query('drop table if exists public.taps, public.users');
      return { taps: await makeData(world.client, size, seed) };
    },
  },
  migrate: {
    needs: ['data'],
    seconds: () => 6,
    run: async ({ world }) => {
      // Stopped in its midst it is measured from its beginning.
      await world.client.query('drop schema if exists gamification cascade');
      return arcGam(world, 'migrate');
    },
  },
  backfill: {
    needs: ['migrate'],
    seconds: backfillSeconds,
    run: (bench) =>
      backfillKept(bench, 'backfill', bench.world, ['backfill', '--to', backfillEnd(bench.size)]),
  },
  reference: {
    needs: ['backfill'],
    seconds: (size) => 0.7 * backfillSeconds(size),
    run: async ({ world, size, kept, say }) => {
      const known = new Map(Object.entries(kept.get<Record<string, Cost>>('reference so far') ?? {}));
      const costs = await runReference(world, {
        through: backfillEnd(size),
        known: {
          get: (table) => known.get(table),
          set: (table, cost) => {
            known.set(table, cost);
            kept.set('reference so far', Object.fromEntries(known));
          },
        },
      });
      say('comparing every table with the reference, row for row');
      const different = await differencesFromReference(world.client);
      if (different.length > 0)
        throw new Error(`Not equal to the reference, so nothing is measured:\n${different.join('\n')}`);
      return Object.fromEntries(costs);
    },
  },
  two_hops: {
    needs: ['reference'],
    seconds: (size) => 0.3 * backfillSeconds(size),
    run: ({ world }) => countTwoHops(world),
  },
  batches: {
    needs: ['two_hops'],
    seconds: (size) => 1.3 * backfillSeconds(size),
    run: async (bench) => {
      const { world, size, kept } = bench;
      const main = kept.get<Run>('backfill');
      const isOne = main?.batches === 1;
      const schema = 'gamification_cut';
      // The disk need not hold all three.
      await world.client.query('drop schema if exists reference cascade');
      if (kept.get('cut so far') === undefined)
        await world.client.query(`drop schema if exists ${schema} cascade`);
      await runCommand(world, 'migrate', '--schema', schema);
      const other = await backfillKept(
        bench,
        'cut',
        world,
        [
          'backfill',
          '--schema',
          schema,
          '--to',
          backfillEnd(size),
          ...(isOne ? ['--batch-days', fiveBatches(size)] : []),
        ],
        isOne ? {} : { ARC_GAM_BATCH_TAPS: '1000000000' },
      );
      await world.client.query(`drop schema ${schema} cascade`);
      if (main === undefined) throw new Error('batches needs backfill.');
      return isOne ? { five: other, one: main } : { five: main, one: other };
    },
  },
  nights: {
    needs: ['two_hops'],
    seconds: (size) => 5 + 0.15 * backfillSeconds(size),
    run: async ({ world }) => {
      await world.client.query('drop schema if exists reference cascade');
      // As after a while: autovacuum has seen what the backfill wrote.
      await world.client.query('vacuum (analyze)');
      const monday = await nightOf(world, 1);
      const midweek = await nightOf(world, 3);
      return { monday, midweek };
    },
  },
  space: {
    needs: ['nights'],
    seconds: () => 1,
    run: async ({ world: { client } }) => {
      const { rows } = await client.query<{ name: string; bytes: number }>(
        `select pg_class.oid::regclass::text as name, pg_total_relation_size(pg_class.oid)::float8 as bytes
         from pg_class
         where relkind = 'r' and relnamespace in ('gamification'::regnamespace, 'public'::regnamespace)
         order by 2 desc`,
      );
      const { rows: graph } = await client.query<{ pairs: number }>(
        'select count(*)::integer as pairs from gamification.pair',
      );
      return {
        bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
        tables: Object.fromEntries(rows.map(({ name, bytes }) => [name, bytes])),
        pairs: graph[0]?.pairs ?? 0,
      };
    },
  },
  digest: {
    needs: ['nights'],
    seconds: ({ taps }) => 10 * (taps / 1e6),
    run: async ({ world }) => {
      const text = readPackageFile('sql/plan/suspect_day.sql');
      const pass: Cost[] = [];
      const count: Cost[] = [];
      // As src/db/transaction.ts and src/pipeline/stale.ts set it.
      await world.client.query(
        "set search_path = gamification, pg_temp; set jit = off; set work_mem = '128MB'; set parallel_tuple_cost = 0.001",
      );
      for (let turn = 0; turn < 3; turn += 1) {
        count.push(
          await costOf(world, () =>
            world.client.query(
              "select count(*), sum(hashtext(concat_ws('|', id1, id2, time, latitude, longitude))) from public.taps",
            ),
          ),
        );
        pass.push(await costOf(world, () => world.client.query(text, ['UTC', null, null])));
      }
      await world.client.query('reset search_path; reset jit; reset work_mem; reset parallel_tuple_cost');
      return { pass: middle(pass), count: middle(count) };
    },
  },
  idle: {
    needs: ['digest'],
    seconds: ({ taps }) => 10 + 5 * (taps / 1e6),
    run: async ({ world }) => {
      const day = await asOfDay(world);
      const without = await arcGam(world, 'etl', '--date', day);
      await runCommand(world, 'capture', 'on');
      await runCommand(world, 'etl', '--date', day);
      const runs: Run[] = [];
      const least: { wallMs: number; nodeMs: number }[] = [];
      for (let turn = 0; turn < 7; turn += 1) {
        least.push(await runSelectOne(world));
        runs.push(await arcGam(world, 'etl', '--date', day));
      }
      return {
        without,
        run: middle(runs),
        nodeMs: median(least.map(({ wallMs }) => wallMs)),
        nodeCpuMs: median(least.map(({ nodeMs }) => nodeMs)),
      };
    },
  },
  late: {
    needs: ['idle'],
    seconds: (size) => 1 + 0.005 * backfillSeconds(size),
    run: async ({ world }) => {
      const day = await asOfDay(world);
      await world.client.query(
        `insert into public.taps (id1, id2, time)
         select id1, id2, $1::date - 60 + time '12:00' from public.taps where time >= $1::date - 60 order by time limit 1`,
        [day],
      );
      return arcGam(world, 'etl', '--date', day);
    },
  },
  deleted: {
    needs: ['late'],
    seconds: (size) => 1 + 0.01 * backfillSeconds(size),
    run: async ({ world, size }) => {
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
      return arcGam(world, 'etl', '--date', await asOfDay(world));
    },
  },
  today: {
    needs: ['deleted'],
    seconds: (size) => 2 + 0.01 * backfillSeconds(size),
    run: async ({ world }) => {
      const day = await asOfDay(world);
      await arriveToday(world, day, 1);
      const one = await arcGam(world, 'etl', '--date', day);
      await arriveToday(world, day, 500);
      const many = await arcGam(world, 'etl', '--date', day);
      return { one, many };
    },
  },
  verify: {
    needs: ['today'],
    seconds: (size) => 5 + 0.7 * backfillSeconds(size),
    // Days that are not processed yet are no finding.
    run: async ({ world }) => ({
      sample: await arcGam(world, 'verify', '--seed', 'bench', '--stale-ok'),
      full: await arcGam(world, 'verify', '--full', '--stale-ok'),
    }),
  },
  inserts: {
    needs: ['verify'],
    seconds: () => 15,
    run: async ({ world }) => ({
      single: await measureInserts(world, 1, 300, 6),
      batch: await measureInserts(world, 1000, 10, 6),
    }),
  },
  smaller: {
    needs: ['backfill'],
    seconds: (size) => 10 + 0.1 * backfillSeconds(size),
    run: (bench) => {
      const size = sizes[smallerOf[bench.sizeName]];
      return inOwnDatabase(bench, 'smaller', size, async (world, taps) => ({
        run: await arcGam(world, 'backfill', '--to', backfillEnd(size)),
        taps,
      }));
    },
  },
  hub: {
    needs: [],
    seconds: ({ taps }) =>
      taps < 2e6 ? 15 + 2.5 * backfillSeconds({ users: 0, taps, days: 0 }) : 3 * backfillSeconds(sizes.small),
    run: async (bench) => {
      const worlds = bench.size.users >= sizes.small.users ? [sizes.medium, sizes.small] : [bench.size];
      const seen: Results['hub'][number][] = [];
      for (const size of worlds) {
        const name = `hub of ${size.users}`;
        const known = bench.kept.get<Results['hub'][number]>(name);
        const compared =
          known ??
          (await inOwnDatabase(bench, 'hub', size, async (world) => {
            const backfill = ['backfill', '--to', backfillEnd(size)];
            const without = await arcGam(world, ...backfill);
            await runCommand(world, 'migrate', 'down', '--all');
            await meetEverybody(world, size);
            await runCommand(world, 'migrate');
            return { users: size.users, without, with: await arcGam(world, ...backfill) };
          }));
        bench.kept.set(name, compared);
        seen.push(compared);
      }
      return seen;
    },
  },
  demo: {
    needs: [],
    seconds: () => 60,
    run: async () => {
      const directory = mkdtempSync(join(tmpdir(), 'arc-gam-bench-demo-'));
      // As root the demo's server is another user's, who has to reach its folder.
      chmodSync(directory, 0o711);
      let pid: number | null = null;
      try {
        const made = await measureNode([command, 'demo', '--keep', join(directory, 'kept'), '--json'], {});
        const said = made.stdout
          .split('\n')
          .filter((line) => line.startsWith('{'))
          .map(
            (line) => JSON.parse(line) as { event: string; durationMs?: number; url?: string; pid?: number },
          );
        const kept = said.find(({ event }) => event === 'kept');
        pid = kept?.pid ?? null;
        const ended = said.find(({ event }) => event === 'ended');
        const verified = await measureNode([command, 'verify', '--seed', 'bench', '--stale-ok', '--json'], {
          DATABASE_URL: kept?.url ?? '',
        });
        const runOf = ({ nodeMs, peakMb }: typeof made, wallMs: number): Run => ({
          wallMs,
          nodeMs,
          serverMs: null,
          peakMb,
          steps: {},
          batches: 1,
        });
        return {
          computing: runOf(made, ended?.durationMs ?? Number.NaN),
          verify: runOf(verified, verified.wallMs),
        };
      } finally {
        if (pid !== null) await stopPid(pid);
        rmSync(directory, { recursive: true, force: true });
      }
    },
  },
};

/** The first user meets everybody, a few a day. */
const meetEverybody = async ({ client }: World, { days }: Size): Promise<void> => {
  await client.query(
    `insert into public.taps (id1, id2, time)
     select hub.id, users.id, $1::date + (row_number() over (order by users.id) % $2::bigint)::integer + time '20:00'
     from (select id from public.users order by id limit 1) as hub
     join public.users on users.id <> hub.id`,
    [dayAt(0), days - daysLeft - 7],
  );
};

/** The one with the middle wall time. */
const middle = <C extends Cost>(costs: readonly C[]): C => {
  const wallMs = median(costs.map((cost) => cost.wallMs));
  const found = costs.find((cost) => cost.wallMs === wallMs);
  if (found === undefined) throw new Error('Nothing was measured.');
  return found;
};

export const names = Object.keys(measurements) as Name[];

/** These and all that they need, in the order of the list. */
export const withNeeds = (wanted: readonly Name[]): Name[] => {
  const all = new Set<Name>();
  const add = (name: Name): void => {
    if (all.has(name)) return;
    for (const need of measurements[name].needs) add(need);
    all.add(name);
  };
  for (const name of wanted) add(name);
  return names.filter((name) => all.has(name));
};
