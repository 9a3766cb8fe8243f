import type { Answer, Body } from './answer.js';
import { readBoards } from './boards.js';
import type { Context } from './context.js';
import { readGeoExpansion } from './geo-expansion.js';
import { type Question, windowDays } from './question.js';
import { readRecommendations } from './recommendations.js';
import { readSecondDegree } from './second-degree.js';
import { addDays } from './viewer.js';

type Momentum = Answer<'weekly'>['momentum'];
type Recap = Answer<'weekly'>['recap'];

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
  const [[stored], inZone, firstDegree, secondDegree, activity, leaderboard, geo] = await Promise.all([
    reading.query<StoredMomentum>('momentum', [viewer.userId, year, iso_week]),
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
    readSecondDegree(context, start).then(async ({ fresh, candidates }) => ({
      fresh,
      recommendations: await readRecommendations(context, candidates),
    })),
    reading.query<Recap['community_activity'][number]>('community_activity', [start, end]),
    readBoards(context),
    readGeoExpansion(context, start, end),
  ]);
  if (stored === undefined) throw new Error('sql/api/momentum.sql gave no row');
  const own = inZone?.[0] ?? stored;
  const momentum: Momentum = {
    current_streak_days: own.current_streak_days,
    longest_streak_days: own.longest_streak_days,
    weekly_taps: own.weekly_taps,
    new_connections: own.new_connections,
    weekly_goal: { progress: own.weekly_taps, target_taps: serve.weeklyGoalTaps },
  };
  return {
    generated_at: watermark.now_at,
    week: { year, iso_week, range: [start, end], time_window: question.time_window },
    recap: {
      first_degree_new: firstDegree,
      second_degree_delta: stored.second_degree_delta,
      second_degree_new: secondDegree.fresh,
      community_activity: activity,
      geo_expansion: geo,
    },
    momentum,
    leaderboard,
    recommendations: secondDegree.recommendations,
  };
};
