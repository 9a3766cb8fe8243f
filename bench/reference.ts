import { timed } from './measure.js';
import { benchFile, type World } from './world.js';

/** The tables of the reference in the order in which they are made, and the steps that make the same ones. */
const referenceTables = {
  user_key: ['user_key'],
  pair_day: ['batch_tap', 'pair_day'],
  pair_day_tap: ['pair_day_tap_scope', 'pair_day_tap'],
  pair: ['pair'],
  user_day_activity: ['user_day_activity'],
  activity_run: ['activity_run'],
  user_streaks: ['user_streaks'],
  user_week_activity: ['user_week_activity'],
  edge_strength: ['edge_strength'],
  weekly_leaderboard: ['board_week', 'weekly_leaderboard'],
  located: ['batch_cell', 'user_cell_day', 'user_cell', 'area_hour'],
} as const satisfies Record<string, readonly string[]>;

/** Steps that write or prepare what the reference makes too. */
export const comparedSteps: ReadonlySet<string> = new Set(Object.values(referenceTables).flat());

/** Steps of the second degree; user_week_activity, which sums them up, is among the others. */
export const secondDegreeSteps = ['changed_friend', 'second_degree_focus', 'second_degree_event'] as const;

/** What both must say alike: a reference that computes something else measures nothing. */
const comparedColumns = {
  pair: 'first_tap_at, first_day, last_tap_at, last_day, tap_count',
  user_day_activity: 'user_id, day, tap_count, first_degree_new_count',
  user_streaks:
    'user_id, current_streak_days, longest_streak_days, last_active_day, streak_started_on, last_tap_at',
  user_week_activity: 'user_id, year, iso_week, tap_count, first_degree_new_count',
  edge_strength: 'u1, u2, taps_90d, last_tap_at, strength_f32',
  weekly_leaderboard: 'user_id, year, iso_week, new_first_degree, streak_days, connectors_rank, streak_rank',
  area_hour: 'geohash5, starts_at, tap_count, cardinality(user_keys)',
} as const;

/** Makes every table of the reference in the schema `reference`; milliseconds by table. */
export const runReference = async ({ client }: World): Promise<Record<string, number>> => {
  await client.query('drop schema if exists reference cascade; create schema reference');
  await client.query("set search_path = reference; set work_mem = '128MB'; set jit = off");
  const times: Record<string, number> = {};
  for (const table of Object.keys(referenceTables)) {
    times[table] = await timed(() => client.query(benchFile(`reference/${table}.sql`)));
  }
  return times;
};

/** One count of all distinct friends of friends; needs the reference's `pair`. */
export const runSecondDegreeReference = async ({ client }: World): Promise<number> =>
  timed(() => client.query(benchFile('reference/second_degree.sql')));

/** Throws unless the reference says what arc-gam says. */
export const compareWithReference = async ({ client }: World): Promise<void> => {
  for (const [table, columns] of Object.entries(comparedColumns)) {
    const [mine, theirs] = ['gamification', 'reference'].map(
      (schema) =>
        `select ${columns.replace('starts_at', 'extract(epoch from starts_at)')} from ${schema}.${table}`,
    );
    const { rows } = await client.query<{ rows: number }>(
      `select count(*)::integer as rows from ((${mine} except all ${theirs}) union all (${theirs} except all ${mine})) as different`,
    );
    if (rows[0]?.rows !== 0) throw new Error(`${table}: ${rows[0]?.rows} rows differ from the reference.`);
  }
};
