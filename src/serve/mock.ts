import type { Body } from './answer.js';
import type { EndpointName, Question } from './question.js';
import { windowDays } from './question.js';
import { addDays } from './viewer.js';

const names = ['Ada Example', 'Ben Sample', 'Cleo Mock', 'Dev Placeholder', 'Eva Specimen', 'Finn Dummy'];
const hourMs = 3_600_000;

const someone = (index: number) => ({
  user_id: `00000000-0000-4000-8000-00000000000${index + 1}`,
  name: names[index % names.length] ?? '',
});
const other = (index: number) => {
  const { user_id, name } = someone(index);
  return { other_user_id: user_id, name };
};
const wave = (index: number, most: number) => Math.round((most * (1 + Math.sin(index * 1.7))) / 2);

/** ISO year and week of a day. */
const isoWeek = (day: string): { year: number; iso_week: number } => {
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  const thursday = addDays(day, 3 - weekday);
  const year = Number(thursday.slice(0, 4));
  const days = (Date.parse(thursday) - Date.parse(`${year}-01-01`)) / 86_400_000;
  return { year, iso_week: Math.floor(days / 7) + 1 };
};

/** Made-up answers of the same shape as real ones, the same for the same question on the same day. */
export const mockAnswers: {
  readonly [Name in EndpointName]: (question: Question<Name>, now: Date) => Body<Name>;
} = {
  weekly: (question, now) => {
    const end = now.toISOString().slice(0, 10);
    const count = windowDays[question.time_window];
    const start = addDays(end, 1 - count);
    const tapped = (index: number) => new Date(now.getTime() - (index * 7 + 3) * hourMs).toISOString();
    const me = { user_id: question.user_id, name: 'You (made up)' };
    const boards = {
      new_connections: [0, 1, 2, 3, 4].map((index) => ({
        ...someone(index),
        rank: index + 1,
        new_first_degree: 9 - index,
        last_tap_at: tapped(index),
      })),
      community_builders: [1, 3, 0, 2, 4].map((index, place) => ({
        ...someone(index),
        rank: place + 1,
        delta_second_degree: 31 - 4 * place,
      })),
      streak_masters: [2, 0, 4, 1, 3].map((index, place) => ({
        ...someone(index),
        rank: place + 1,
        streak_days: 21 - 3 * place,
      })),
      me: {
        new_connections: { ...me, rank: 12, new_first_degree: 3, last_tap_at: tapped(0) },
        community_builders: { ...me, rank: 9, delta_second_degree: 8 },
        streak_masters: { ...me, rank: 17, streak_days: 4 },
      },
    };
    return {
      generated_at: now.toISOString(),
      week: { ...isoWeek(end), range: [start, end], time_window: question.time_window },
      recap: {
        first_degree_new: [0, 1, 2].map((index) => ({ ...someone(index), last_tap_at: tapped(index) })),
        second_degree_delta: 8,
        second_degree_new: [3, 4].map((index) => ({ ...someone(index), connected_via: names[0] ?? null })),
        community_activity: Array.from({ length: count }, (_, index) => ({
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
      },
      leaderboard: { ...boards, city: { name: 'Austin', ...boards } },
      recommendations: [4, 5, 3].map((index, place) => ({
        ...someone(index),
        scores: { total: 0.52 - 0.1 * place, mutuals: 0.4, recency: 0.82, geo: 0.76 },
        mutuals: names.slice(0, 4 - place),
        explain: `${4 - place} mutual connections · active ${place + 2} days ago`,
      })),
    };
  },
  quests: (_question, now) => ({
    week: isoWeek(now.toISOString().slice(0, 10)),
    quests: [
      mockQuest(
        'network-builder',
        'Network Builder',
        'Meet five new people in a week.',
        'community',
        4,
        5,
        'new people',
      ),
      mockQuest('consistency', 'Consistency', 'Tap 25 times in a week.', 'community', 18, 25, 'taps'),
      mockQuest(
        'new-ground',
        'New Ground',
        'Tap in two areas where you have never tapped.',
        'explore',
        0,
        2,
        'new areas',
      ),
      {
        ...mockQuest(
          'keep-it-going',
          'Keep it going',
          'Be active three days in a row.',
          'community',
          4,
          3,
          'days in a row',
        ),
        completed_at: new Date(now.getTime() - 20 * hourMs).toISOString(),
      },
    ],
  }),
  radar: (question, now) => {
    const hour = Math.floor(now.getTime() / hourMs) * hourMs;
    const at = (ago: number) => new Date(hour - ago * hourMs).toISOString();
    return {
      window: { hours: question.hours, end: now.toISOString() },
      buckets: Array.from({ length: question.hours }, (_, index) => {
        const count = Math.max(0, wave(index, 6) - 2);
        const people = Math.min(count, 3);
        return {
          ts: at(question.hours - 1 - index),
          activity_count: count,
          unique_people: people,
          participants: Array.from({ length: people }, (_person, place) => ({
            ...someone(place),
            count: place === 0 ? count - people + 1 : 1,
          })),
        };
      }),
      top_current_window: [0, 1].map((index) => ({ ...someone(index), count: 2 - index })),
      surges: [
        { area_name: 'Austin', start_time: at(3), end_time: at(1), surge_multiplier: 2.4, unique_users: 15 },
      ],
    };
  },
  health: (_question, now) => ({
    as_of: addDays(now.toISOString().slice(0, 10), -1),
    summary: { avg_strength: 0.55, excellent: 1, good: 1, fair: 2, needs_attention: 2 },
    connections: ([0.91, 0.67, 0.52, 0.41, 0.22, 0.12] as const).map((strength, index) => ({
      ...other(index),
      strength_f32: strength * 1.983,
      strength,
      taps_7d: Math.max(0, 4 - index),
      taps_30d: 9 - index,
      taps_90d: 20 - 2 * index,
      days_since_last_tap: index * 4,
      health:
        strength >= 0.8
          ? 'excellent'
          : strength >= 0.6
            ? 'good'
            : strength >= 0.4
              ? 'fair'
              : 'needs_attention',
    })),
    fading: [{ ...other(5), usual_gap_days: 6, days_since_last_tap: 19 }],
  }),
};

const mockQuest = (
  id: string,
  title: string,
  description: string,
  type: string,
  count: number,
  target: number,
  unit: string,
): Body<'quests'>['quests'][number] => ({
  id,
  title,
  description,
  type,
  progress: Math.min(count, target),
  count,
  target,
  unit,
  status: count >= target ? 'completed' : count >= 0.8 * target ? 'nearly_done' : 'active',
  completed_at: null,
  rewards: {},
});
