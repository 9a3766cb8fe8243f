import { z } from 'zod';
import { boards, cityBoards, mockBoards, readBoards } from '../boards.js';
import type { Context } from '../context.js';
import { defineEndpoint } from '../endpoint.js';
import { readGeoExpansion } from '../geo-expansion.js';
import { dayOf, hourMs, isoWeek, names, someone, wave } from '../made-up.js';
import { common, given } from '../question.js';
import { count, day, instant, meta, nullable, person, source, week } from '../shape.js';
import { addDays } from '../viewer.js';

/** Days of each time window, under both of its names. */
const windowDays = {
  '1d': 1,
  '7d': 7,
  '30d': 30,
  '180d': 180,
  '365d': 365,
  '1day': 1,
  '1week': 7,
  '1month': 30,
  '6months': 180,
  '1year': 365,
} as const;

type TimeWindow = keyof typeof windowDays;

/** How many friends of friends the recap names, the latest first; the number of the week is exact. */
const namedStrangers = 100;
/** At most so many names of mutual connections. */
const mutualNames = 6;
/** Days of the calendar, the as-of day included: a year and the week that it began in. */
const calendarDays = 371;

const answer = z.object({
  source,
  generated_at: instant,
  viewer: z.object({ ...person, home_city: nullable(z.string()) }),
  week: week.extend({
    range: z.array(day).length(2),
    time_window: z.string(),
    counted_until: nullable(instant).meta({
      description: "The viewer's own figures know taps up to this moment; the window ends later.",
    }),
  }),
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
    calendar: nullable(
      z.object({ start: day, end: day, days: z.array(z.object({ day, taps: count })) }),
    ).meta({ description: 'The days with taps of about a year up to the as-of day; others had none.' }),
  }),
  leaderboard: z.object({ ...boards.shape, city: cityBoards }),
  recommendations: z.array(
    z.object({
      ...person,
      scores: z
        .object({ total: z.number(), mutuals: z.number(), recency: z.number(), geo: z.number() })
        .meta({ description: 'total is weighted, its parts are not; geo comes in steps of 0.25.' }),
      mutuals: z.array(z.string()),
      explain: z.string(),
    }),
  ),
  meta,
});

type Answer = z.output<typeof answer>;
type Recap = Answer['recap'];
type ActiveDay = { readonly day: string; readonly taps: number };

/** The row of sql/api/momentum.sql, and but for the second degree of sql/api/momentum_in_zone.sql. */
interface MomentumRow extends Record<string, unknown> {
  readonly current_streak_days: number;
  readonly longest_streak_days: number;
  readonly weekly_taps: number;
  readonly new_connections: number;
  readonly second_degree_delta: number;
  /** A JSON text. */
  readonly active_days: string;
}

/**
 * The Weekly Pulse: recap of a window, momentum and boards of the running week, recommendations. See
 * docs/api.md#weekly-pulse.
 */
export const weekly = defineEndpoint({
  name: 'weekly',
  summary: 'Weekly Pulse: recap, momentum, boards and recommendations',
  question: z.object({
    ...common,
    time_window: given('time_window')
      .refine((text): text is TimeWindow => Object.hasOwn(windowDays, text), {
        error: `time_window is none of ${Object.keys(windowDays).join(', ')}.`,
      })
      .default('7d')
      .meta({ description: `Whole local days, today included: ${Object.keys(windowDays).join(', ')}.` }),
  }),
  answer,
  relations: [
    'pair',
    'pair_day',
    'pair_day_tap',
    'friend',
    'user_day_activity',
    'user_streaks',
    'user_week_activity',
    'user_cell',
    'user_cell_day',
    'weekly_leaderboard',
    'home_place',
    'tap',
  ],
  why: [
    'streak',
    'weekly_goal',
    'new_connections',
    'second_degree',
    'geo_expansion',
    'community_activity',
    'leaderboard',
    'recommendations',
  ],
  changesEach: 'hour',
  read: async (context, question) => {
    const { reading, watermark, viewer, serve } = context;
    const { year, iso_week, viewer_zone: zone, as_of_day: asOf } = watermark;
    const end = watermark.viewer_today;
    const start = addDays(end, 1 - windowDays[question.time_window]);
    // What is dated after the as-of day in the viewer's zone waits for the next day, like everything else of the
    // answer.
    const last = asOf === null || asOf > end ? end : asOf;
    const { key } = viewer;
    const [[stored], inZone, firstDegree, secondDegree, activity, leaderboard, geo] = await Promise.all([
      reading.query<MomentumRow>('momentum', [viewer.userId, year, iso_week, asOf]),
      key === null || asOf === null || zone === watermark.zone
        ? undefined
        : reading.query<MomentumRow>('momentum_in_zone', [
            key,
            zone,
            asOf,
            watermark.viewer_day_is_over,
            watermark.week_start,
          ]),
      key === null
        ? []
        : reading.query<Recap['first_degree_new'][number]>('first_degree_new', [key, start, last, zone]),
      readSecondDegree(context, start),
      reading.query<Recap['community_activity'][number]>('community_activity', [start, end]),
      readBoards(context),
      readGeoExpansion(context, start, last),
    ]);
    if (stored === undefined) throw new Error('sql/api/momentum.sql gave no row');
    const own = inZone?.[0] ?? stored;
    return {
      generated_at: watermark.now_at,
      viewer: { user_id: viewer.userId, name: viewer.name, home_city: viewer.home?.city ?? null },
      week: {
        year,
        iso_week,
        range: [start, end],
        time_window: question.time_window,
        counted_until: watermark.counted_until,
      },
      recap: {
        first_degree_new: firstDegree,
        second_degree_delta: stored.second_degree_delta,
        second_degree_new: secondDegree.fresh,
        community_activity: activity,
        geo_expansion: geo,
      },
      momentum: {
        current_streak_days: own.current_streak_days,
        longest_streak_days: own.longest_streak_days,
        weekly_taps: own.weekly_taps,
        new_connections: own.new_connections,
        weekly_goal: { progress: own.weekly_taps, target_taps: serve.weeklyGoalTaps },
        calendar:
          asOf === null
            ? null
            : {
                start: addDays(asOf, 1 - calendarDays),
                end: asOf,
                days: JSON.parse(own.active_days) as ActiveDay[],
              },
      },
      leaderboard,
      recommendations: secondDegree.recommendations,
    };
  },
  mock: (question, now) => {
    const end = dayOf(now);
    const length = windowDays[question.time_window];
    const start = addDays(end, 1 - length);
    const tapped = (index: number) => new Date(now.getTime() - (index * 7 + 3) * hourMs).toISOString();
    const me = { user_id: question.user_id, name: 'You (made up)' };
    return {
      generated_at: now.toISOString(),
      viewer: { ...me, home_city: 'Austin' },
      week: {
        ...isoWeek(end),
        range: [start, end],
        time_window: question.time_window,
        counted_until: now.toISOString(),
      },
      recap: {
        first_degree_new: [0, 1, 2].map((index) => ({ ...someone(index), last_tap_at: tapped(index) })),
        second_degree_delta: 8,
        second_degree_new: [3, 4].map((index) => ({ ...someone(index), connected_via: names[0] ?? null })),
        community_activity: Array.from({ length }, (_, index) => ({
          day: addDays(start, index),
          taps: 20 + wave(index, 60),
        })),
        geo_expansion: [{ city: 'Austin', new_taps: 4 }],
      },
      momentum: {
        current_streak_days: 4,
        longest_streak_days: 11,
        weekly_taps: 18,
        new_connections: 3,
        weekly_goal: { progress: 18, target_taps: 25 },
        calendar: {
          start: addDays(end, 1 - calendarDays),
          end,
          // The last four days are the running streak; before it some days are missing.
          days: Array.from({ length: calendarDays }, (_, index) => ({
            day: addDays(end, index + 1 - calendarDays),
            taps:
              index > calendarDays - 5 ? 3 + (index % 4) : index === calendarDays - 5 ? 0 : wave(index, 5),
          })).filter(({ taps }) => taps > 0),
        },
      },
      leaderboard: mockBoards(me, tapped),
      recommendations: [4, 5, 3].map((index, place) => ({
        ...someone(index),
        scores: { total: 0.52 - 0.1 * place, mutuals: 0.4, recency: 0.82, geo: 0.75 },
        mutuals: names.slice(0, 4 - place),
        explain: `${4 - place} mutual connections · active ${place + 2} days ago · home city nearby`,
      })),
    };
  },
});

/** A row of sql/api/second_degree.sql: a friend of a friend who is new, or one to recommend. */
type SecondDegreeRow = { readonly user_id: string; readonly name: string } & (
  | { readonly is_new: true; readonly connected_via: string | null }
  | {
      readonly is_new: false;
      readonly total: number;
      readonly mutuals: number;
      readonly recency: number;
      readonly geo: number;
      /** A JSON text. */
      readonly mutual_names: string;
      readonly explain: string;
    }
);

/** What one walk over the friends of friends finds: who is new among them since `start`, and whom to recommend. */
const readSecondDegree = async (
  { reading, watermark, viewer, serve }: Context,
  start: string,
): Promise<{ fresh: Recap['second_degree_new']; recommendations: Answer['recommendations'] }> => {
  const fresh: Recap['second_degree_new'] = [];
  const recommendations: Answer['recommendations'] = [];
  if (viewer.key === null || watermark.as_of_day === null) return { fresh, recommendations };
  const { weights, ...limits } = serve.recommendation;
  const rows = await reading.query<SecondDegreeRow>('second_degree', [
    viewer.key,
    start,
    namedStrangers,
    watermark.as_of_day,
    limits.minMutuals,
    weights.mutuals,
    limits.maxResults,
    weights.recency,
    limits.maxDays,
    weights.geo,
    limits.blocklist.join(','),
    viewer.userId,
    limits.maxKm,
    mutualNames,
  ]);
  for (const row of rows) {
    const { user_id, name } = row;
    if (row.is_new) fresh.push({ user_id, name, connected_via: row.connected_via });
    else {
      const { total, mutuals, recency, geo, mutual_names, explain } = row;
      recommendations.push({
        user_id,
        name,
        scores: { total, mutuals, recency, geo },
        mutuals: JSON.parse(mutual_names) as string[],
        explain,
      });
    }
  }
  return { fresh, recommendations };
};
