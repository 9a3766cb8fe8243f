import type pg from 'pg';
import { type Cost, costOf } from './cost.js';
import { benchFile, type World } from './world.js';

/** A table of the reference: hand-written SQL for one that arc-gam stores. */
interface ReferenceTable {
  /**
   * The folder of bench/reference that has the statement; the steps in the folder of that name of sql/steps write the
   * same tables.
   */
  readonly subject: string;
  readonly table: string;
  /** What both must say alike; of the private numbers of users it is whom they mean. Null: a help for others. */
  readonly compared: string | null;
}

const person = (key: string) => `(select user_id from user_key where user_key.user_key = compared.${key})`;

/** Every stored table, in the order in which the reference makes them. */
export const referenceTables: readonly ReferenceTable[] = [
  { subject: 'facts', table: 'user_key', compared: 'user_id' },
  {
    subject: 'facts',
    table: 'pair_day',
    compared: `${person('u1_key')}, ${person('u2_key')}, day, tap_count, first_tap_at, last_tap_at`,
  },
  {
    subject: 'facts',
    table: 'pair_day_tap',
    compared: `${person('u1_key')}, ${person('u2_key')}, day, tapped_at`,
  },
  {
    subject: 'facts',
    table: 'pair',
    compared: `${person('u1_key')}, ${person('u2_key')}, first_tap_at, first_day, last_tap_at, last_day, tap_count`,
  },
  {
    subject: 'facts',
    table: 'processed_day',
    compared: 'day, tap_count, null_id_count, self_tap_count, unknown_user_count',
  },
  { subject: 'facts', table: 'unknown_user_day', compared: 'day, user_hash, is_known' },
  {
    subject: 'days',
    table: 'user_day_activity',
    compared: 'user_id, day, tap_count, first_degree_new_count',
  },
  { subject: 'days', table: 'activity_run', compared: `${person('user_key')}, started_on, ended_on` },
  {
    subject: 'days',
    table: 'user_streaks',
    compared:
      'user_id, current_streak_days, longest_streak_days, last_active_day, streak_started_on, last_tap_at',
  },
  {
    subject: 'graph',
    table: 'friend_list',
    compared: `${person('user_key')}, (
      select array_agg(friend.user_id || ' ' || entry.first_day order by friend.user_id)
      from gamification.friend_entry(compared.friends) as entry
      join user_key as friend on friend.user_key = entry.friend_key
    )`,
  },
  { subject: 'graph', table: 'second_degree_change', compared: null },
  {
    subject: 'graph',
    table: 'second_degree',
    compared: `${person('user_key')}, week, second_degree_count, second_degree_new_count`,
  },
  {
    subject: 'weeks',
    table: 'user_week_activity',
    compared:
      'user_id, year, iso_week, tap_count, first_degree_new_count, second_degree_count, second_degree_new_count',
  },
  {
    subject: 'weeks',
    table: 'weekly_leaderboard',
    compared:
      'user_id, year, iso_week, new_first_degree, delta_second_degree, streak_days, connectors_rank, builders_rank, streak_rank',
  },
  { subject: 'ties', table: 'edge_strength', compared: 'u1, u2, taps_90d, last_tap_at, strength_f32' },
  {
    subject: 'places',
    table: 'user_cell_day',
    compared: `${person('user_key')}, geohash5, day, first_tap_at`,
  },
  {
    subject: 'places',
    table: 'user_cell',
    compared: `${person('user_key')}, geohash5, first_day, first_tap_at`,
  },
  {
    subject: 'surges',
    table: 'area_hour',
    compared: `geohash5, starts_at, slot, day, tap_count, (
      select array_agg(user_key.user_id order by user_key.user_id) from user_key
      where user_key.user_key = any (compared.user_keys)
    )`,
  },
  {
    subject: 'surges',
    table: 'surge_hour',
    compared: 'geohash5, starts_at, slot, day, tap_count, expected_taps::float8',
  },
  { subject: 'surges', table: 'surge_area', compared: 'geohash5, area_name' },
  {
    subject: 'surges',
    table: 'surge_windows',
    compared:
      'window_id, area_name, geohash5, start_time, end_time, surge_multiplier, expected_taps, tap_count, unique_users',
  },
  {
    subject: 'quests',
    table: 'user_quest_progress',
    compared: 'user_id, quest_id, week_start, progress, completed_at',
  },
  {
    subject: 'homes',
    table: 'home_location_struct',
    compared: 'user_id, original_text, city, state, country, geohash5, confidence, method',
  },
];

/** What was measured of a table before a bench was stopped is not measured again. */
export interface Known {
  get(table: string): Cost | undefined;
  set(table: string, cost: Cost): void;
}

/** With memory for the joins of the largest size, which would be put away on disk. */
const useReference = "set search_path = reference, pg_catalog; set work_mem = '400MB'; set jit = off";

/**
 * Makes the tables of the reference in the schema `reference`, from the taps up to a day (default: all), and says what
 * each cost. Those that `known` has are taken to be there. `subjects`: only these.
 */
export const runReference = async (
  world: World,
  { through = null, subjects, hasGraph = true, known = new Map() }: ReferenceOptions = {},
): Promise<Map<string, Cost>> => {
  const { client } = world;
  const given = referenceTables.filter(({ subject }) => subjects?.includes(subject) ?? true);
  if (!given.some(({ table }) => known.get(table)))
    await client.query('drop schema if exists reference cascade; create schema reference');
  await client.query(useReference);
  const limit = through === null ? '' : `where time < date '${through}' + 1`;
  await client.query(
    `create or replace view tap as select id, id1, id2, time, latitude, longitude from public.taps ${limit}`,
  );
  if (!hasGraph)
    await client.query(
      'create table second_degree_change (user_key integer, week integer, entered_count integer, left_count integer)',
    );
  const costs = new Map<string, Cost>();
  for (const { subject, table } of given) {
    const cost =
      known.get(table) ??
      (await costOf(world, async () => {
        await client.query(`drop table if exists ${table} cascade`);
        await client.query(benchFile(`reference/${subject}/${table}.sql`));
      }));
    known.set(table, cost);
    costs.set(table, cost);
  }
  await client.query('reset search_path; reset work_mem; reset jit');
  return costs;
};

interface ReferenceOptions {
  readonly through?: string | null;
  /** False: nobody is at distance 2 of anybody, which is quickly counted. */
  readonly hasGraph?: boolean;
  readonly subjects?: readonly string[];
  readonly known?: Known;
}

/** One count of all distinct friends of friends; needs the reference's `pair`. */
export const countTwoHops = async (world: World): Promise<Cost> => {
  await world.client.query(useReference);
  const cost = await costOf(world, () => world.client.query(benchFile('reference/two_hops.sql')));
  await world.client.query('reset search_path; reset work_mem; reset jit');
  return cost;
};

/**
 * Which tables of the reference differ from those of a schema of arc-gam's, each with an example of either side. First
 * by a sum of hashes, which needs no sort.
 */
export const differencesFromReference = async (
  client: pg.Client,
  schema = 'gamification',
): Promise<string[]> => {
  const different: string[] = [];
  await client.query("set work_mem = '128MB'");
  for (const { table, compared } of referenceTables) {
    if (compared === null) continue;
    const rowsIn = async (given: string) => {
      await client.query(`set search_path = ${given}, pg_catalog`);
      const { rows } = await client.query<{ count: string; sum: string | null }>(
        `select count(*) as count, sum(hashtextextended(row_text::text, 0)::numeric) as sum
         from (select row(${compared}) as row_text from ${table} as compared) as listed`,
      );
      return rows[0];
    };
    const [mine, theirs] = [await rowsIn(schema), await rowsIn('reference')];
    if (mine?.count === theirs?.count && mine?.sum === theirs?.sum) continue;
    const copy = async (given: string, name: string) => {
      await client.query(`set search_path = ${given}, pg_catalog`);
      await client.query(
        `create temp table ${name} as select row(${compared})::text as row_text from ${table} as compared`,
      );
    };
    await copy(schema, 'mine');
    await copy('reference', 'theirs');
    const { rows } = await client.query<{ side: string; row_text: string }>(
      `(select 'arc-gam' as side, row_text from (table mine except all table theirs) as extra limit 1)
       union all
       (select 'reference', row_text from (table theirs except all table mine) as extra limit 1)`,
    );
    await client.query('drop table mine, theirs');
    different.push(
      `${table}: ${mine?.count} rows, reference ${theirs?.count}; ${rows.map((row) => `only ${row.side} has ${row.row_text}`).join('; ')}`,
    );
  }
  await client.query('reset search_path; reset work_mem');
  return different;
};
