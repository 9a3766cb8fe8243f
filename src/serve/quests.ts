import type { Answer, Body } from './answer.js';
import type { Context } from './context.js';

type Quest = Answer<'quests'>['quests'][number];

interface QuestRow extends Record<string, unknown> {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly type: string;
  readonly metric: string;
  readonly target: number;
  readonly count: number;
  readonly completed_at: string | null;
  readonly rewards: string;
}

/** What a metric counts, in words; a metric that is not listed is shown by its own name. */
const units: Readonly<Record<string, string>> = {
  taps: 'taps',
  active_days: 'active days',
  streak_days: 'days in a row',
  new_people: 'new people',
  reconnections: 'reconnections',
  new_areas: 'new areas',
  assists: 'introductions',
};

/** The quests of the running week and how far the viewer is. */
export const answerQuests = async ({ reading, watermark, viewer }: Context): Promise<Body<'quests'>> => {
  const isStored = watermark.viewer_zone === watermark.zone || viewer.key === null;
  const rows = isStored
    ? await reading.query<QuestRow>('quest', [viewer.userId, watermark.week_start])
    : await reading.query<QuestRow>('quest_in_zone', [
        viewer.key,
        watermark.viewer_week_start,
        watermark.viewer_zone,
      ]);
  return { week: { year: watermark.year, iso_week: watermark.iso_week }, quests: rows.map(toQuest) };
};

const toQuest = (row: QuestRow): Quest => ({
  id: row.id,
  title: row.title,
  description: row.description,
  type: row.type,
  progress: Math.min(row.count, row.target),
  count: row.count,
  target: row.target,
  unit: units[row.metric] ?? row.metric,
  status: row.count >= row.target ? 'completed' : row.count >= 0.8 * row.target ? 'nearly_done' : 'active',
  completed_at: row.completed_at,
  rewards: JSON.parse(row.rewards) as unknown,
});
