import { readSettings } from '../src/config.js';
import { withDatabase } from '../src/db/database.js';
import { migrateUp } from '../src/migrate/migrate.js';
import type { StepWork } from '../src/pipeline/batch.js';
import { runPipeline } from '../src/pipeline/run.js';
import { loadSteps } from '../src/pipeline/step.js';
import { jsonReporter } from '../src/report/json.js';
import { countWork, type Work } from './count-work.js';
import { dayAt, makeData, openWorld, type Size } from './world.js';

const days = 60;
const base: Size = { users: 500, taps: 10_000, days };

const quiet = {
  ...jsonReporter(process.stdout),
  plan: () => undefined,
  batchEnded: () => undefined,
  ended: () => undefined,
  table: () => undefined,
};

/** The runs whose work is counted, in this order. */
export const workRuns = ['backfill', 'night', 'late tap'] as const;

/**
 * Work of every step, by run and step, of a community `factor` times as large as the smallest: a backfill, the night after
 * it, and one late tap. On the server at `url`, else on TEST_DATABASE_URL's or an embedded one.
 */
export const measureWork = async (
  factor: number,
  url?: string,
): Promise<{ version: string; works: Map<string, Map<string, Work>> }> => {
  const world = await openWorld(`work_${factor}`, url);
  const works = new Map<string, Map<string, Work>>();
  try {
    await makeData(world.client, { users: base.users * factor, taps: base.taps * factor, days }, 1);
    const settings = readSettings({ databaseUrl: world.url }, {});
    await withDatabase(settings, 'bench work', async (database) => {
      await migrateUp(database, settings, { waitSeconds: 0, onWait: () => undefined });
      const run = async (name: (typeof workRuns)[number], to: string) => {
        const seen: StepWork[] = [];
        await runPipeline(
          database,
          settings,
          { command: 'bench', to, always: true },
          quiet,
          loadSteps(),
          (work) => seen.push(work),
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
