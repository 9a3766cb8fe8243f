import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { figurePlacements } from '../../src/citus/cluster.js';
import { fromReading } from '../../src/citus/reading.js';
import { Shadows, selectOf, speakOnce } from '../../src/citus/shadows.js';
import { copyOf, isOfPairs, Shards } from '../../src/citus/shards.js';
import { readSettings } from '../../src/config.js';
import { withDatabase } from '../../src/db/database.js';
import { rollBack, withTransaction } from '../../src/db/transaction.js';
import { applied, statementsOf } from '../../src/pipeline/converge.js';
import { loadSteps } from '../../src/pipeline/order.js';
import { createScratch, scratchTables } from '../../src/pipeline/scratch.js';
import { isPreparing, isShared, type Step } from '../../src/pipeline/step.js';
import { describeUnless } from '../server/lacking.js';
import { type Cluster, findCitus, startCluster } from './cluster.js';
import { createSpread, type SpreadApplication } from './spread.js';

const found = findCitus();
const missing = 'missing' in found ? found.missing : null;

interface Plan {
  readonly [key: string]: unknown;
}

/** Every `Task Count` below a plan, with whether it stands below a subplan. */
const taskCounts = (plan: unknown, isSub = false): { tasks: number; isSub: boolean }[] => {
  if (Array.isArray(plan)) return plan.flatMap((part) => taskCounts(part, isSub));
  if (typeof plan !== 'object' || plan === null) return [];
  return Object.entries(plan as Plan).flatMap(([key, value]) =>
    key === 'Task Count' ? [{ tasks: Number(value), isSub }] : taskCounts(value, isSub || key === 'Subplans'),
  );
};

const shards = 8;
const values = {
  zone: "'UTC'",
  as_of_day: "'2026-01-10'",
  as_of_moved: 'true',
  is_later: 'false',
  alive_from_day: "'2026-01-10'",
  steps_sha256: "'x'",
  run_id: '1',
} as const;

const filled = (text: string, step: Step): string =>
  text.replace(/\$(\d+)/g, (_, digits: string) => values[step.params[Number(digits) - 1] ?? 'run_id']);

describeUnless(missing)('what is asked of the nodes', () => {
  let cluster: Cluster;
  let spread: SpreadApplication;
  let client: pg.Client;
  beforeAll(async () => {
    cluster = await startCluster({ shards });
    spread = await createSpread(cluster, 'spread');
    await spread.ok(['migrate']);
    await spread.ok(['distribute']);
    client = new pg.Client({ connectionString: spread.url });
    await client.connect();
    // As tables: what is temporary no other session can explain.
    await client.query('create schema batch');
    for (const table of scratchTables) await client.query(createScratch(table, 'unlogged', 'batch'));
    await client.query('set search_path = gamification, batch');
  });
  afterAll(async () => {
    await client?.end();
    await spread?.drop();
    await cluster?.stop();
  });

  const explain = async (text: string) => {
    const { rows } = await client.query<{ 'QUERY PLAN': unknown }>(
      `explain (costs off, format json) ${text}`,
    );
    return taskCounts(rows[0]?.['QUERY PLAN']);
  };

  test('each slice of a step that is not spread is one question to each shard', async () => {
    let count = 0;
    for (const step of loadSteps())
      for (const slice of step.slices) {
        count += 1;
        const counts = await explain(filled(selectOf(slice, `gamification.${slice.table}`), step));
        const asked = counts.filter(({ isSub, tasks }) => !isSub && tasks === shards);
        const before = counts.filter(({ isSub, tasks }) => isSub && tasks === shards);
        expect([step.name, slice.table, asked.length, before.length]).toEqual([step.name, slice.table, 1, 0]);
      }
    expect(count).toBeGreaterThan(1);
  });

  test('a stage is taken to each shard of a table, and what is to go is deleted there', async () => {
    for (const step of loadSteps().filter((one) => !isPreparing(one) && one.stored.length > 0)) {
      const { rows } = await client.query<{ method: string }>(
        'select partmethod as method from pg_dist_partition where logicalrelid = to_regclass($1)',
        [`gamification.${step.table}`],
      );
      if (rows[0]?.method !== 'h') continue;
      await client.query(
        `create unlogged table batch.stage as select ${step.grain.map((key) => `stored.${key}`).join(', ')}, false as is_wanted from gamification.${step.table} as stored limit 0`,
      );
      const statement = applied(step, 'delete_placed', { persistence: 'unlogged', schema: 'batch' });
      const counts = await explain(statement.text);
      expect([step.name, counts.filter(({ isSub }) => !isSub).map(({ tasks }) => tasks)]).toEqual([
        step.name,
        [shards],
      ]);
      expect([step.name, counts.filter(({ isSub, tasks }) => isSub && tasks === shards)]).toEqual([
        step.name,
        [],
      ]);
      await client.query('drop table batch.stage');
    }
  });

  test('a step that is spread asks no other node: each of its statements is plain PostgreSQL in its shard', async () => {
    const settings = readSettings({ databaseUrl: spread.url }, {});
    const steps = loadSteps();
    let count = 0;
    await withDatabase(settings, 'test', undefined, (database) =>
      withTransaction(database, settings, async (session) => {
        await speakOnce(session);
        const shards = new Shards(session, 'gamification');
        await shards.open();
        // What the coordinator tells the shards of its own tables.
        for (const table of ['processed_day', 'quest_rule']) {
          const columns = await session.query<{ column: string }>(
            `select attname || ' ' || format_type(atttypid, atttypmod) as column from pg_attribute
             where attrelid = $1::text::regclass and attnum > 0 and not attisdropped`,
            [table],
          );
          await shards.run(
            `create unlogged table ${table} (${columns.map(({ column }) => column).join(', ')})`,
          );
        }
        const madeAlone = new Set(
          steps
            .filter((step) => step.isSpread && isPreparing(step) && !isShared(step, steps))
            .map(({ table }) => table),
        );
        for (const table of scratchTables)
          if (!madeAlone.has(table)) await shards.run(createScratch(table, 'unlogged', null));
        for (const step of steps.filter(({ isSpread }) => isSpread)) {
          const target = isOfPairs(step.table)
            ? { table: copyOf(step.table), join: '', where: 'true' }
            : undefined;
          const place = { persistence: 'unlogged', schema: null, ...(target && { target }) } as const;
          for (const { text, purpose } of statementsOf(step, isShared(step, steps), place)) {
            // What every node has is written from the coordinator.
            if (['friend_list', 'user_key'].includes(step.table) && purpose !== 'stage') continue;
            const whole = filled(fromReading(text), step);
            await shards.run(
              `do $outer$ declare line text; begin
                 for line in execute $explained$explain (costs off) ${whole}$explained$ loop
                   if line ~ 'Citus' then raise exception '${step.name}, ${purpose}: %', line; end if;
                 end loop;
               end $outer$`,
            );
            count += 1;
            if (purpose === 'stage' || /^create/.test(whole)) await shards.run(whole);
          }
          if (!isPreparing(step)) await shards.run('drop table stage');
        }
        return rollBack(null);
      }),
    );
    expect(count).toBeGreaterThan(100);
  });

  // The other's name is in that of an indexed column: last_active_day.
  test.each([
    'gamification',
    'active',
  ])('what stands in for a table of schema %s is looked up as the table is, and so is a view', async (schema) => {
    await spread.ok(['migrate', '--schema', schema]);
    await spread.ok(['distribute', '--schema', schema]);
    const settings = readSettings({ databaseUrl: spread.url, schema }, {});
    const indexed = (space: string) =>
      `select pg_class.relname::text as name, coalesce(string_agg(kind, ', ' order by kind), '') as indexes
       from pg_class left join pg_index on pg_index.indrelid = pg_class.oid
       cross join lateral (
         select indisunique || substr(definition, strpos(definition, ' USING ')) as kind
         from pg_get_indexdef(pg_index.indexrelid) as definition
       ) as described
       where pg_class.relnamespace = ${space} and pg_class.relkind in ('r', 'v')
       group by pg_class.oid, pg_class.relname order by 1`;
    await withDatabase(settings, 'test', undefined, (database) =>
      withTransaction(database, settings, async (session) => {
        const figures = (await figurePlacements(session.query, schema)).filter(
          ({ placement }) => placement !== 'reference',
        );
        const shadows = new Shadows(session, schema, figures);
        await shadows.prefer();
        await shadows.makeAll();
        const tables = await session.query<{ name: string; indexes: string }>(
          indexed(`'${schema}'::regnamespace`),
        );
        const views = new Map([
          ['connection', 'false USING btree (u1)'],
          ['friend', 'false USING btree (user_key)'],
          ['frozen_digest', 'false USING btree (day)'],
        ]);
        const expected = tables
          .filter(({ name }) => figures.some((figure) => figure.name === name))
          .map(({ name, indexes }) => ({ name, indexes: views.get(name) ?? indexes }));
        expect(expected.map(({ name }) => name)).toEqual(expect.arrayContaining([...views.keys(), 'pair']));
        expect(await session.query(indexed('pg_my_temp_schema()'))).toEqual(expected);
        return rollBack(null);
      }),
    );
  });
});
