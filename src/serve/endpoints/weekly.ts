import { z } from 'zod';
import { addDays } from '../../pipeline/plan.js';
import { defineEndpoint } from '../endpoint.js';
import { dayOf, hourMs, isoWeek, names, someone, wave } from '../made-up.js';
import { common, given } from '../question.js';
import type { Context } from '../reading/context.js';
import { count, day, instant, meta, nullable, person, source, week } from '../shape.js';
import { boards, cityBoards, mockBoards, type Place, readBoards } from '../weekly/boards.js';
import {
  type Connections,
  newFirstDegree,
  newSecondDegree,
  readDegrees,
  recommendation,
} from '../weekly/degrees.js';
import { readGeoExpansion } from '../weekly/geo-expansion.js';

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
    first_degree_new: z.array(newFirstDegree),
    second_degree_delta: count,
    second_degree_new: z.array(newSecondDegree),
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
  recommendations: z.array(recommendation),
  meta,
});

type Answer = z.output<typeof answer>;
type Recap = Answer['recap'];
type ActiveDay = { readonly day: string; readonly taps: number };

/** The row of sql/api/momentum.sql. */
interface MomentumRow extends Place, Connections, MomentumInZoneRow {
  readonly second_degree_delta: number;
  /** What readGeoExpansion asks for. */
  readonly cells: string | null;
}

/** The row of sql/api/momentum_in_zone.sql. */
interface MomentumInZoneRow extends Record<string, unknown> {
  readonly current_streak_days: number;
  readonly longest_streak_days: number;
  readonly weekly_taps: number;
  readonly new_connections: number;
  /** `days before the as-of day:taps`, separated by commas; null for none. */
  readonly active_days: string | null;
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
    'friend_list',
    'user_day_activity',
    'user_streaks',
    'user_week_activity',
    'user_cell',
    'user_cell_day',
    'frozen_cell',
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
    const { reading, watermark, viewer, users, serve } = context;
    const { year, iso_week, viewer_zone: zone, as_of_day: asOf } = watermark;
    const end = watermark.viewer_today;
    const start = addDays(end, 1 - windowDays[question.time_window]);
    // What is dated after the as-of day in the viewer's zone waits for the next day, like everything else of the
    // answer.
    const last = asOf === null || asOf > end ? end : asOf;
    const { key } = viewer;
    const storedMomentum = reading
      .query<MomentumRow>('momentum', [
        viewer.userId,
        watermark.week_start,
        asOf,
        key,
        start,
        last,
        zone,
        !users.friendLists(watermark.revision).isWarm,
      ])
      .then(([row]) => {
        if (row === undefined) throw new Error('sql/api/momentum.sql gave no row');
        return row;
      });
    const [stored, inZone, degrees, activity, leaderboard, geo] = await Promise.all([
      storedMomentum,
      key === null || asOf === null || zone === watermark.zone
        ? undefined
        : reading.query<MomentumInZoneRow>('momentum_in_zone', [
            key,
            zone,
            asOf,
            watermark.viewer_day_is_over,
            watermark.week_start,
            watermark.viewer_today,
          ]),
      storedMomentum.then((connections) => readDegrees(context, connections, start)),
      readCommunityActivity(context, start, end),
      readBoards(context, storedMomentum),
      storedMomentum.then(({ cells }) => readGeoExpansion(context, cells, last)),
    ]);
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
        first_degree_new: degrees.first,
        second_degree_delta: stored.second_degree_delta,
        second_degree_new: degrees.second,
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
                days: activeDays(asOf, own.active_days),
              },
      },
      leaderboard,
      recommendations: degrees.recommendations,
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

/** Everybody's valid taps by day: the same for all viewers of a window until something is committed. */
const readCommunityActivity = (
  { reading, watermark, cache }: Context,
  start: string,
  end: string,
): Promise<Recap['community_activity']> =>
  cache.of(`activity ${start} ${end}`, watermark.revision, reading, (one) =>
    one.query<Recap['community_activity'][number]>('community_activity', [start, end]),
  );

const activeDays = (asOf: string, text: string | null): ActiveDay[] =>
  text === null
    ? []
    : text.split(',').map((pair) => {
        const colon = pair.indexOf(':');
        const ago = Number(pair.slice(0, colon));
        return { day: daysBefore(asOf)[ago] ?? addDays(asOf, -ago), taps: Number(pair.slice(colon + 1)) };
      });

let calendar: { readonly asOf: string; readonly days: readonly string[] } = { asOf: '', days: [] };

/**
 * The days of the calendar by how many days they are before the as-of day: of a date, making it a text takes longest.
 */
const daysBefore = (asOf: string): readonly string[] => {
  if (calendar.asOf !== asOf) {
    calendar = { asOf, days: Array.from({ length: calendarDays }, (_, ago) => addDays(asOf, -ago)) };
  }
  return calendar.days;
};
