import { z } from 'zod';

const day = z.string().meta({ description: 'A calendar day, YYYY-MM-DD.' });
const instant = z.string().meta({ description: 'A moment in UTC, ISO 8601.' });
const count = z.int().min(0);
const userId = z.string().meta({ format: 'uuid' });
const source = z.enum(['database', 'mock']);
const person = { user_id: userId, name: z.string() };
const nullable = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.null()]);

const meta = z.object({
  source,
  duration_ms: z.number(),
  user_id: userId,
  watermark: z
    .object({ as_of_day: nullable(day), computed_at: nullable(instant) })
    .meta({ description: 'The latest processed day, and when the figures were computed last.' }),
  warnings: z.array(z.string()),
  tz_used: z.string(),
  city_filter: nullable(z.string()).optional(),
  debug: z.record(z.string(), z.unknown()).optional(),
});

const week = z.object({ year: z.int(), iso_week: z.int() });

const boardRow = { ...person, rank: nullable(z.int()) };
const newConnections = z.object({ ...boardRow, new_first_degree: count, last_tap_at: nullable(instant) });
const communityBuilders = z.object({ ...boardRow, delta_second_degree: count });
const streakMasters = z.object({ ...boardRow, streak_days: count });

const boards = {
  new_connections: z.array(newConnections),
  community_builders: z.array(communityBuilders),
  streak_masters: z.array(streakMasters),
  me: z
    .object({
      new_connections: newConnections,
      community_builders: communityBuilders,
      streak_masters: streakMasters,
    })
    .meta({ description: "The viewer's own rows; rank is null where the figure is 0." }),
};

/** Answers of each endpoint: what leaves the server is written from them, so nothing else can. */
export const answers = {
  weekly: z.object({
    source,
    generated_at: instant,
    week: week.extend({ range: z.array(day).length(2), time_window: z.string() }),
    recap: z.object({
      first_degree_new: z.array(z.object({ ...person, last_tap_at: instant })),
      second_degree_delta: count,
      second_degree_new: z.array(z.object({ ...person, connected_via: nullable(z.string()) })),
      community_activity: z.array(z.object({ day, taps: count })),
      geo_expansion: z.array(z.object({ city: z.string(), new_taps: count })),
    }),
    momentum: z.object({
      current_streak_days: count,
      longest_streak_days: count,
      weekly_taps: count,
      new_connections: count,
      weekly_goal: z.object({ progress: count, target_taps: count }),
    }),
    leaderboard: z.object({
      ...boards,
      city: nullable(z.object({ name: z.string(), ...boards })).meta({
        description: "The same boards among users of the viewer's home city; null where none is known.",
      }),
    }),
    recommendations: z.array(
      z.object({
        ...person,
        scores: z.object({
          total: z.number(),
          mutuals: z.number(),
          recency: z.number(),
          geo: z.number(),
        }),
        mutuals: z.array(z.string()),
        explain: z.string(),
      }),
    ),
    meta,
  }),
  quests: z.object({
    source,
    user_id: userId,
    week,
    quests: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        description: z.string(),
        type: z.string(),
        progress: count,
        count,
        target: count,
        unit: z.string(),
        status: z.enum(['completed', 'nearly_done', 'active']),
        completed_at: nullable(instant),
        rewards: z.any(),
      }),
    ),
    meta,
  }),
  radar: z.object({
    source,
    user_id: userId,
    window: z.object({ hours: z.int(), end: instant }),
    buckets: z.array(
      z.object({
        ts: z.string().meta({ description: 'Start of the hour, ISO 8601 in UTC.' }),
        activity_count: count,
        unique_people: count,
        participants: z.array(z.object({ ...person, count })),
      }),
    ),
    top_current_window: z.array(z.object({ ...person, count })),
    surges: z.array(
      z.object({
        area_name: z.string(),
        start_time: instant,
        end_time: instant,
        surge_multiplier: z.number(),
        unique_users: count.meta({ description: 'Rounded down to 5.' }),
      }),
    ),
    meta,
  }),
  health: z.object({
    source,
    user_id: userId,
    as_of: nullable(day),
    summary: z.object({
      avg_strength: z.number(),
      excellent: count,
      good: count,
      fair: count,
      needs_attention: count,
    }),
    connections: z.array(
      z.object({
        other_user_id: userId,
        name: z.string(),
        strength_f32: z.number(),
        strength: z.number(),
        taps_7d: count,
        taps_30d: count,
        taps_90d: count,
        days_since_last_tap: count,
        health: z.enum(['excellent', 'good', 'fair', 'needs_attention']),
      }),
    ),
    fading: z.array(
      z.object({
        other_user_id: userId,
        name: z.string(),
        usual_gap_days: z.number(),
        days_since_last_tap: count,
      }),
    ),
    meta,
  }),
};

export type Answer<Name extends keyof typeof answers> = z.output<(typeof answers)[Name]>;
/** An answer before what is the same of all of them is added. */
export type Body<Name extends keyof typeof answers> = Omit<Answer<Name>, 'meta' | 'source' | 'user_id'>;
export type Meta = Answer<'weekly'>['meta'];
export type Boards = Omit<Answer<'weekly'>['leaderboard'], 'city'>;

/** A refusal. */
export const refusal = z.object({ error: z.string() });
