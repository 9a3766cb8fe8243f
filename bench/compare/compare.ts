/**
 * arc-gam against what people do instead: the same community over 60 nights with late, edited and deleted taps and
 * people who leave, kept by a full refresh every night, by incremental models with a look-back of three days, and by
 * arc-gam; then DuckDB's rebuild of the same tables.
 *
 *   npm run bench:compare -- [--size mini|tiny|medium|small|full] [--nights 60] [--json] [--seed 1]
 *
 * The server is an embedded one, or that of TEST_DATABASE_URL. See bench/README.md.
 */
import type pg from 'pg';
import { flagsOf, refuse } from '../../scripts/flags.js';
import { say, sizeNamed } from '../command-line.js';
import { type Cost, costOf, processorOf, sumOfCosts } from '../cost.js';
import { seconds, stepsBySubject } from '../lines.js';
import { type CliRun, runCommand } from '../measure.js';
import { differencesFromReference, runReference } from '../reference.js';
import { benchFile, dayAt, makeData, openWorld, sizes } from '../world.js';
import { rebuildWithDuckDb } from './duck.js';

const flags = flagsOf(import.meta.url, {
  size: { type: 'string', default: 'tiny' },
  nights: { type: 'string', default: '60' },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
});
const sizeName = sizeNamed(flags.size);
const size = sizes[sizeName];
const nights = Number(flags.nights);
if (!(Number.isInteger(nights) && nights > 0 && nights < size.days))
  refuse(`--nights is a number from 1 to ${size.days - 1}, as many as the community has days.`);

/** What the two models compute of what arc-gam does: no second degree, quests, places, surges and homes. */
const subjects = ['facts', 'days', 'weeks', 'ties'];

/**
 * The tables that are counted, with their keys and the figures in which a row can be wrong, in terms of a user's id.
 */
const compared = {
  user_day_activity: { key: 'user_id, day', figures: 'tap_count, first_degree_new_count' },
  connection: {
    key: 'u1, u2',
    figures: 'first_tap_at, first_day, last_tap_at, last_day, tap_count',
  },
  user_streaks: {
    key: 'user_id',
    figures: 'current_streak_days, longest_streak_days, last_active_day, streak_started_on, last_tap_at',
  },
  user_week_activity: {
    key: 'user_id, year, iso_week',
    figures: 'tap_count, first_degree_new_count',
  },
  weekly_leaderboard: {
    key: 'user_id, year, iso_week',
    figures: 'new_first_degree, streak_days, connectors_rank, streak_rank',
  },
  edge_strength: { key: 'u1, u2', figures: 'taps_90d, last_tap_at, strength_f32' },
} as const;

const connectionOf = (schema: string): string =>
  schema === 'incremental'
    ? 'select * from incremental.pair'
    : `select key1.user_id as u1, key2.user_id as u2, pair.first_tap_at, pair.first_day, pair.last_tap_at, pair.last_day, pair.tap_count
       from ${schema}.pair
       join ${schema}.user_key as key1 on key1.user_key = pair.u1_key
       join ${schema}.user_key as key2 on key2.user_key = pair.u2_key`;

/** How many rows of a schema's tables are wrong, too many or missing, by table. */
const wrongRows = async (client: pg.Client, schema: string): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const [table, { key, figures }] of Object.entries(compared)) {
    const rowsOf = (of: string) =>
      `(select ${key}, ${figures} from (${table === 'connection' ? connectionOf(of) : `select * from ${of}.${table}`}) as listed)`;
    const { rows } = await client.query<{ count: number }>(
      `with mine as ${rowsOf(schema)}, right_row as ${rowsOf('truth')}
       select count(*)::integer as count
       from (
         select ${key} from ((table mine except table right_row) union all (table right_row except table mine)) as wrong
         group by ${key}
       ) as wrong_row`,
    );
    counts[table] = rows[0]?.count ?? 0;
  }
  return counts;
};

interface Way {
  readonly name: string;
  readonly costs: Cost[];
  written: number;
}
const refresh: Way = { name: 'full refresh every night', costs: [], written: 0 };
const incremental: Way = { name: 'incremental, look-back of 3 days', costs: [], written: 0 };
const arcGam: Way = { name: 'arc-gam, all of its tables', costs: [], written: 0 };

const runScript = async (client: pg.Client, text: string): Promise<number> => {
  const results = (await client.query(text)) as unknown as pg.QueryResult | pg.QueryResult[];
  return (Array.isArray(results) ? results : [results])
    .filter(({ command }) => ['INSERT', 'UPDATE', 'DELETE', 'SELECT'].includes(command))
    .reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0);
};

const writtenBy = (run: CliRun): number =>
  run.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Batch)
    .filter(({ event }) => event === 'batch')
    .flatMap(({ steps }) => steps)
    .reduce((sum, { inserted, updated, deleted }) => sum + inserted + updated + deleted, 0);

interface Batch {
  readonly event: string;
  readonly steps: readonly {
    readonly inserted: number;
    readonly updated: number;
    readonly deleted: number;
  }[];
}

const referenceRows = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query<{ sum: number }>(
    `select sum((xpath('/row/c/text()', query_to_xml(format('select count(*) as c from reference.%I', relname), false, true, '')))[1]::text::integer)::integer as sum
     from pg_class where relnamespace = 'reference'::regnamespace and relkind = 'r'`,
  );
  return rows[0]?.sum ?? 0;
};

const world = await openWorld('compare');
try {
  const { client } = world;
  const taps = await makeData(client, size, Number(flags.seed));
  const firstNight = size.days - nights;
  // One tap in fifty arrives one to twenty days late.
  await client.query(
    `create table public.arrival as
     select taps.id, (taps.time at time zone 'UTC')::date
       + case when (hashint8extended(taps.id, 77) & 1023) % 50 = 0 then 1 + (hashint8extended(taps.id, 78) & 1023)::integer % 20 else 0 end as night,
       taps.id1, taps.id2, taps.time, taps.latitude, taps.longitude
     from public.taps`,
  );
  await client.query('create index on public.arrival (night)');
  await client.query(
    'delete from public.taps using arrival where arrival.id = taps.id and arrival.night >= $1',
    [dayAt(firstNight)],
  );
  await client.query('vacuum (analyze)');
  await runCommand(world, 'migrate');
  await runCommand(world, 'backfill', '--to', dayAt(firstNight - 1));
  await runCommand(world, 'capture', 'on');
  await runCommand(world, 'etl', '--date', dayAt(firstNight - 1));
  const fullRefresh = (through: string) => runReference(world, { through, subjects, hasGraph: false });
  await fullRefresh(dayAt(firstNight - 1));
  await client.query(benchFile('compare/incremental_begin.sql'));
  say(
    `${size.users} users, ${taps} taps, ${firstNight} days, then ${nights} nights; PostgreSQL ${world.version}`,
  );

  const nightText = (file: string, night: number): string =>
    benchFile(file)
      .replaceAll(':from_day', `date '${dayAt(night - 3)}'`)
      .replaceAll(':to_day', `date '${dayAt(night)}'`)
      .replaceAll(':night', String(night));
  for (let night = firstNight; night < size.days; night += 1) {
    await client.query(
      `insert into public.taps (id1, id2, time, latitude, longitude)
       select id1, id2, time, latitude, longitude from public.arrival where night = $1`,
      [dayAt(night)],
    );
    await client.query(nightText('compare/events.sql', night));
    refresh.costs.push(sumOfCosts([...(await fullRefresh(dayAt(night))).values()]));
    refresh.written += await referenceRows(client);
    await client.query("set work_mem = '128MB'; set jit = off");
    incremental.costs.push(
      await costOf(world, async () => {
        incremental.written += await runScript(client, nightText('compare/incremental_night.sql', night));
      }),
    );
    await client.query('reset work_mem; reset jit');
    const run = await runCommand(world, 'etl', '--date', dayAt(night));
    arcGam.costs.push(run);
    arcGam.written += writtenBy(run);
    if ((night - firstNight + 1) % 10 === 0) say(`night ${night - firstNight + 1} of ${nights}`);
  }

  // What is right: everything anew from the taps that there are in the end, by the reference, and arc-gam's own
  // rebuild.
  await client.query('alter schema reference rename to refreshed');
  await runReference(world, { through: dayAt(size.days - 1) });
  const different = await differencesFromReference(client);
  await client.query('create schema truth');
  for (const table of [...Object.keys(compared), 'user_key', 'pair'].filter((name) => name !== 'connection'))
    await client.query(`create table truth.${table} as table reference.${table}`);
  const wrong = {
    [refresh.name]: await wrongRows(client, 'refreshed'),
    [incremental.name]: await wrongRows(client, 'incremental'),
    [arcGam.name]: await wrongRows(client, 'gamification'),
  };

  say('rebuilding');
  await runCommand(world, 'migrate', '--schema', 'rebuilt');
  const rebuilt = await runCommand(world, 'backfill', '--schema', 'rebuilt', '--to', dayAt(size.days - 1));
  const plain = sumOfCosts([...(await fullRefresh(dayAt(size.days - 1))).values()]);
  const rebuiltMs = stepsBySubject(rebuilt);
  const sameTablesMs = subjects.reduce((sum, subject) => sum + (rebuiltMs.get(subject) ?? 0), 0);
  const duck = await rebuildWithDuckDb(client);

  const lines = [refresh, incremental, arcGam].map(({ name, costs, written }) => {
    const all = sumOfCosts(costs);
    const processor = processorOf(all);
    return {
      way: name,
      'a night': seconds(all.wallMs / nights),
      'processor a night': seconds(processor === null ? null : processor / nights),
      'rows written a night': Math.round(written / nights),
      'rows wrong': Object.values(wrong[name] ?? {}).reduce((sum, count) => sum + count, 0),
      ...wrong[name],
    };
  });
  const rebuild = {
    duckdb: duck.version,
    duckdb_ms: Math.round(duck.cost.wallMs),
    duckdb_processor_ms: Math.round(duck.cost.nodeMs),
    postgres_sql_ms: Math.round(plain.wallMs),
    arc_gam_same_tables_ms: Math.round(sameTablesMs),
    arc_gam_all_tables_ms: Math.round(rebuilt.wallMs),
    arc_gam_all_tables_processor_ms: Math.round(processorOf(rebuilt) ?? 0),
    ratio: Number((sameTablesMs / duck.cost.wallMs).toFixed(2)),
    ratio_of_postgres_sql: Number((plain.wallMs / duck.cost.wallMs).toFixed(2)),
    differences: duck.differences,
  };
  if (flags.json) {
    process.stdout.write(
      `${JSON.stringify({ size: sizeName, ...size, taps, nights, lines, rebuild, different })}\n`,
    );
  } else {
    console.table(lines);
    console.log(
      `Rebuilding days, connections, streaks, weeks and ties: DuckDB ${duck.version} ${seconds(duck.cost.wallMs)} (processor ${seconds(duck.cost.nodeMs)}), plain SQL in Postgres with its keys ${seconds(plain.wallMs)}, arc-gam ${seconds(sameTablesMs)}: ${rebuild.ratio} x DuckDB, target <= 4 x: ${rebuild.ratio <= 4 ? 'met' : 'missed'}.`,
    );
    for (const line of [...different, ...duck.differences]) console.log(`  ${line}`);
  }
  if (different.length > 0 || duck.differences.length > 0) process.exitCode = 1;
} finally {
  await world.close();
}
