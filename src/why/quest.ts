import { readPackageFile } from '../files.js';
import { plural } from '../report/format.js';
import { type Asked, computed, type Explanation, figuresOf, listed, rowsOf } from './answer.js';
import { weekOf } from './week.js';

interface Quest extends Record<string, unknown> {
  quest_id: string;
  slug: string;
  title: string;
  metric: string;
  target: number;
  span: string;
  completed_local_time: string | null;
}

interface Deed extends Record<string, unknown> {
  quest_id: string;
  local_time: string;
  metric: string;
  partner_name: string | null;
  days_apart: number | null;
  geohash5: string | null;
  streak_days: number | null;
  meeting: string | null;
}

const wordsOf: Record<string, (deed: Deed) => string> = {
  taps: ({ partner_name }) => `with ${partner_name}`,
  active_days: ({ partner_name }) => `first tap of the day, with ${partner_name}`,
  streak_days: ({ streak_days }) => `the streak is ${streak_days} long`,
  new_people: ({ partner_name }) => `first tap ever with ${partner_name}`,
  reconnections: ({ partner_name, days_apart }) => `with ${partner_name} again after ${days_apart} days`,
  new_areas: ({ geohash5 }) => `in area ${geohash5}`,
  assists: ({ meeting }) => `${meeting}`,
};

/** Answers how far a user is in each quest of a week, and by which deeds. Throws what the database does. */
export const quest = async ({ session, question, name, day }: Asked): Promise<Explanation> => {
  const { week_start: start } = await weekOf(session, day);
  const values = [question.user, start];
  const quests = await rowsOf<Quest>(session, 'quest', values);
  const deeds = await rowsOf<Deed>(session, 'deed', values);
  const stale = await session.query<{ slug: string }>(readPackageFile('sql/plan/stale_quest.sql'));
  const figures = await figuresOf(
    session,
    'user_quest_progress',
    'user_id = $1::uuid and week_start = $2::date',
    values,
    ({ quest: slug, column_name }) => `${slug} ${column_name.replace('progress.', '')}`,
  );
  const lines = [
    quests.length === 0
      ? `No quest is active in the week from Monday ${start}, so ${name} has no progress in it.`
      : `${name} in the week from Monday ${start}, in ${plural(quests.length, 'quest')} that ${quests.length === 1 ? 'is' : 'are'} active in it:`,
  ];
  for (const { quest_id, slug, title, metric, target, span, completed_local_time } of quests) {
    const reached = computed(figures, `${slug} count`);
    const best = span === 'day' ? ' on the best day' : span === 'weekend' ? ' on the weekend' : '';
    lines.push(
      `${title} (${slug}): ${metric} ${reached}${best} of ${target}: least(100, floor(100 * ${reached} / ${target})) = ${computed(figures, `${slug} pct`)} %${
        completed_local_time === null ? '.' : `, completed ${completed_local_time}.`
      }`,
      ...listed(
        deeds
          .filter((deed) => deed.quest_id === quest_id)
          .map((deed) => `  ${deed.local_time}  ${wordsOf[metric]?.(deed) ?? metric}`),
      ),
    );
  }
  if (stale.length > 0)
    lines.push(
      `Defined or changed since the last run, so not told: ${stale.map(({ slug }) => slug).join(', ')}.`,
    );
  return {
    kind: 'quest',
    lines,
    figures: figures
      .filter(({ name: column, computed: expected, stored }) =>
        column.endsWith(' progress') ? expected !== stored : expected !== null || stored !== null,
      )
      .sort((one, other) => slugOf(one.name).localeCompare(slugOf(other.name))),
  };
};

const slugOf = (figureName: string): string => figureName.replace(/ .*$/, '');
