import { readSettings } from '../src/config.js';
import { withDatabase } from '../src/db/database.js';
import { migrateUp } from '../src/migrate/migrate.js';
import type { StepWork } from '../src/pipeline/batch.js';
import { runPipeline } from '../src/pipeline/run.js';
import { jsonReporter } from '../src/report/json.js';
import { countWork, type Work } from './count-work.js';
import { dayAt, makeData, openWorld, type Size } from './world.js';

const days = 60;
const base: Size = { users: 500, taps: 10_000, days };

/** Other shapes of a community: SQL that bends the taps of the usual one, in which $1 is the first day. */
const skewed = {
  /** As the bench makes it: who taps is skewed already. */
  none: null,
  /** One user has met everybody. */
  hub: `insert into public.taps (id1, id2, time)
    select hub.id, users.id, $1::date + (row_number() over (order by users.id) % 50)::integer + time '20:00'
    from (select id from public.users order by id limit 1) as hub
    join public.users on users.id <> hub.id`,
  /** Every tap has coordinates, all in one cell. */
  cell: 'update public.taps set latitude = 40.7, longitude = -74.0 where time >= $1::date',
  /** All taps of a day are in one hour of the evening. */
  hour: `update public.taps
    set time = date_trunc('day', time) + interval '20 hours' + (id % 3600) * interval '1 second'
    where time >= $1::date`,
  /** A tenth of the users with all of the taps. */
  few: null,
} as const;

export type Skew = keyof typeof skewed;
export const skews = Object.keys(skewed) as Skew[];

const quiet = {
  ...jsonReporter(process.stdout),
  plan: () => undefined,
  batchEnded: () => undefined,
  ended: async () => undefined,
  table: async () => undefined,
};

/** The runs whose work is counted, in this order. */
export const workRuns = ['backfill', 'night', 'late tap'] as const;

/**
 * Work of every step, by run and step, of a community `factor` times as large as the smallest: a backfill, the night
 * after it, and one late tap. On the server at `url`, else on TEST_DATABASE_URL's or an embedded one. `skew` bends the
 * community.
 */
export const measureWork = async (
  factor: number,
  url?: string,
  skew: Skew = 'none',
): Promise<{ version: string; works: Map<string, Map<string, Work>> }> => {
  const world = await openWorld(`work_${factor}`, url);
  const works = new Map<string, Map<string, Work>>();
  try {
    const users = (skew === 'few' ? base.users / 10 : base.users) * factor;
    await makeData(world.client, { users, taps: base.taps * factor, days }, 1);
    const bend = skewed[skew];
    if (bend !== null) {
      await world.client.query(bend, [dayAt(0)]);
      await world.client.query('vacuum (analyze) public.taps');
    }
    const settings = readSettings({ databaseUrl: world.url }, {});
    await withDatabase(settings, 'bench work', undefined, async (database) => {
      await migrateUp(database, settings, { waitSeconds: 0 });
      const run = async (name: (typeof workRuns)[number], to: string) => {
        const seen: StepWork[] = [];
        await runPipeline(
          database,
          settings,
          { command: 'bench', to, always: true, onPlan: (work) => seen.push(work) },
          quiet,
        );
        works.set(name, countWork(seen));
      };
      await run('backfill', dayAt(days - 2));
      // As after a while: autovacuum has seen what the backfill wrote.
      await world.client.query('analyze');
      await run('night', dayAt(days - 1));
      await world.client.query(
        `insert into public.taps (id1, id2, time)
         select id1, id2, $1::date + time '12:00' from public.taps order by id limit 1`,
        [dayAt(20)],
      );
      await run('late tap', dayAt(days - 1));
    });
    return { version: world.version, works };
  } finally {
    await world.close();
  }
};
