import { z } from 'zod';
import { addDays } from '../../pipeline/plan.js';
import { defineEndpoint } from '../endpoint.js';
import { dayOf, hourMs, isoWeek, mondayOf } from '../made-up.js';
import { common } from '../question.js';
import { count, instant, meta, nullable, source, userId, week } from '../shape.js';

const quest = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  type: z.string(),
  progress: count,
  count,
  target: count,
  unit: z.string(),
  window: z.enum(['week', 'weekend', 'day']),
  status: z.enum(['completed', 'nearly_done', 'active']),
  completed_at: nullable(instant),
  ends_at: nullable(instant),
  rewards: z.any(),
});

type Quest = z.output<typeof quest>;

/** A row of sql/api/quest.sql or sql/api/quest_in_zone.sql; rewards is a JSON text. */
type Row = Omit<Quest, 'rewards'> & { readonly rewards: string };

/** The quests of the running week and how far the viewer is: docs/api.md#quests. */
export const quests = defineEndpoint({
  name: 'quests',
  summary: 'Quests of the running week and progress in them',
  question: z.object(common),
  answer: z.object({ source, user_id: userId, week, quests: z.array(quest), meta }),
  relations: [
    'pair',
    'pair_day',
    'quest_definitions',
    'quest_rule',
    'user_quest_progress',
    'pair_day_tap',
    'user_cell',
  ],
  why: ['quests'],
  changesEach: 'hour',
  revision: async (reading) => {
    const [row] = await reading.query<{ digest: string }>('quest_definition', []);
    return row?.digest ?? '';
  },
  read: async ({ reading, watermark, viewer }) => {
    const isStored =
      watermark.viewer_zone === watermark.zone || viewer.key === null || watermark.as_of_day === null;
    const rows = isStored
      ? await reading.query<Row>('quest', [viewer.userId, watermark.week_start, watermark.viewer_zone])
      : await reading.query<Row>('quest_in_zone', [
          viewer.key,
          watermark.week_start,
          watermark.viewer_zone,
          watermark.as_of_day,
        ]);
    return {
      week: { year: watermark.year, iso_week: watermark.iso_week },
      quests: rows.map((row) => ({ ...row, rewards: JSON.parse(row.rewards) as unknown })),
    };
  },
  mock: (_question, now) => {
    const endsAt = `${addDays(mondayOf(dayOf(now)), 7)}T00:00:00.000Z`;
    const made = (
      id: string,
      title: string,
      description: string,
      [reached, target, unit]: readonly [number, number, string],
      status: Quest['status'],
      type = 'community',
    ): Quest => ({
      id,
      title,
      description,
      type,
      progress: Math.min(reached, target),
      count: reached,
      target,
      unit,
      window: 'week',
      status,
      completed_at: status === 'completed' ? new Date(now.getTime() - 20 * hourMs).toISOString() : null,
      ends_at: endsAt,
      rewards: {},
    });
    return {
      week: isoWeek(dayOf(now)),
      quests: [
        made(
          'network-builder',
          'Network Builder',
          'Meet five new people in a week.',
          [4, 5, 'new people'],
          'nearly_done',
        ),
        made('consistency', 'Consistency', 'Tap 25 times in a week.', [18, 25, 'taps'], 'active'),
        made(
          'new-ground',
          'New Ground',
          'Tap in two areas where you have never tapped.',
          [0, 2, 'new areas'],
          'active',
          'explore',
        ),
        made(
          'keep-it-going',
          'Keep it going',
          'Be active three days in a row.',
          [4, 3, 'days in a row'],
          'completed',
        ),
      ],
    };
  },
});
