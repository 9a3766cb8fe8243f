import type { Answer, Boards, Body } from './answer.js';
import { readBoards, readCityBoards } from './boards.js';
import type { Context } from './context.js';
import { type Question, windowDays } from './question.js';
import { readRecommendations } from './recommendations.js';
import { addDays } from './viewer.js';

type Momentum = Answer<'weekly'>['momentum'];
type Recap = Answer<'weekly'>['recap'];

/** How many friends of friends the recap names, the latest first; the number of the week is exact. */
const secondDegreeLimit = 100;

interface StoredMomentum extends Record<string, unknown> {
  readonly current_streak_days: number;
  readonly longest_streak_days: number;
  readonly weekly_taps: number;
  readonly new_connections: number;
  readonly second_degree_delta: number;
}

/** The Weekly Pulse: recap of a window, momentum and boards of the running week, recommendations. */
export const answerWeekly = async (
  context: Context,
  question: Question<'weekly'>,
): Promise<Body<'weekly'>> => {
  const { reading, watermark, viewer, serve } = context;
  const { year, iso_week, viewer_zone: zone } = watermark;
  const end = watermark.viewer_today;
  const start = addDays(end, 1 - windowDays[question.time_window]);
  const { key } = viewer;
  const [stored] = await reading.query<StoredMomentum>('momentum', [viewer.userId, year, iso_week]);
  if (stored === undefined) throw new Error('sql/api/momentum.sql gave no row');
  const [inZone, firstDegree, secondDegree, activity, boards, city, recommendations, geo] = await Promise.all(
    [
      key === null || zone === watermark.zone
        ? undefined
        : reading.query<StoredMomentum>('momentum_in_zone', [
            key,
            zone,
            watermark.viewer_day,
            watermark.viewer_day_is_over,
            watermark.viewer_week_start,
          ]),
      key === null
        ? []
        : reading.query<Recap['first_degree_new'][number]>('first_degree_new', [key, start, end, zone]),
      key === null
        ? []
        : reading.query<Recap['second_degree_new'][number]>('second_degree_new', [
            key,
            start,
            secondDegreeLimit,
          ]),
      reading.query<Recap['community_activity'][number]>('community_activity', [start, end]),
      readBoards(context),
      readCityBoards(context),
      readRecommendations(context),
      readGeoExpansion(context, start, end),
    ],
  );
  const own = inZone?.[0] ?? stored;
  const momentum: Momentum = {
    current_streak_days: own.current_streak_days,
    longest_streak_days: own.longest_streak_days,
    weekly_taps: own.weekly_taps,
    new_connections: own.new_connections,
    weekly_goal: { progress: own.weekly_taps, target_taps: serve.weeklyGoalTaps },
  };
  const leaderboard: Boards & { city: Answer<'weekly'>['leaderboard']['city'] } = { ...boards, city };
  return {
    generated_at: watermark.now_at,
    week: { year, iso_week, range: [start, end], time_window: question.time_window },
    recap: {
      first_degree_new: firstDegree,
      second_degree_delta: stored.second_degree_delta,
      second_degree_new: secondDegree,
      community_activity: activity,
      geo_expansion: geo,
    },
    momentum,
    leaderboard,
    recommendations,
  };
};

const readGeoExpansion = async (
  { reading, tables, viewer, watermark, warn }: Context,
  start: string,
  end: string,
): Promise<Recap['geo_expansion']> => {
  if (!tables.has('user_cell') || !tables.has('gazetteer_place')) {
    warn('geo_expansion is empty: the tables of areas do not exist. Run: arc-gam migrate');
    return [];
  }
  if (viewer.key === null) return [];
  return reading.query<Recap['geo_expansion'][number]>('geo_expansion', [
    viewer.userId,
    viewer.key,
    start,
    end,
    watermark.viewer_zone,
  ]);
};
