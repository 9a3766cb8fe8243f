import { readPackageFile } from '../files.js';
import { addDays } from '../pipeline/plan.js';
import {
  count,
  dayAskedFor,
  type Explanation,
  type Figure,
  figure,
  type Known,
  listed,
  monday,
} from './known.js';
import { type Deed, deedsOfTaps, isWeekend, reachedBy } from './quest.js';

interface StoredQuest extends Record<string, unknown> {
  slug: string;
  title: string;
  metric: string;
  target: number;
  span: string;
  stored_count: string | null;
  stored_target: string | null;
  stored_pct: string | null;
  stored_completed_at: string | null;
}

export const quest = async (known: Known): Promise<Explanation> => {
  const { name, session, zone, question, taps, asOfDay } = known;
  const start = monday(dayAskedFor(known));
  const sunday = addDays(start, 6);
  const quests = await session.query<StoredQuest>(readPackageFile('sql/why/quest.sql'), [
    asOfDay,
    question.user,
    start,
  ]);
  const lines = [
    quests.length === 0
      ? `No quest is active in the week from Monday ${start}, so ${name} has no progress in it.`
      : `${name} in the week from Monday ${start}, in ${count(quests.length, 'quest')} that ${quests.length === 1 ? 'is' : 'are'} active in it:`,
  ];
  const figures: Figure[] = [];
  for (const { slug, title, metric, target, span, ...stored } of quests) {
    const deeds =
      metric === 'assists' || metric === 'new_areas'
        ? await session.query<Deed & Record<string, unknown>>(
            readPackageFile(`sql/why/${metric === 'assists' ? 'assist' : 'new_area'}.sql`),
            [zone, question.user],
          )
        : deedsOfTaps(metric, taps);
    const counted = deeds
      .filter(({ day }) => day >= start && day <= sunday && (span !== 'weekend' || isWeekend(day)))
      .sort((one, other) => (one.utc_time < other.utc_time ? -1 : one.utc_time > other.utc_time ? 1 : 0));
    const reached = reachedBy(counted, span, target);
    const none = reached.count === 0;
    const pct = Math.min(100, Math.floor((100 * reached.count) / target));
    const best = span === 'day' ? ' on the best day' : span === 'weekend' ? ' on the weekend' : '';
    lines.push(
      `${title} (${slug}): ${metric} ${reached.count}${best} of ${target}: least(100, floor(100 * ${reached.count} / ${target})) = ${pct} %${
        reached.completedBy === null ? '.' : `, completed ${reached.completedBy.local_time}.`
      }`,
      ...listed(counted.map(({ local_time, what }) => `  ${local_time}  ${what}`)),
    );
    figures.push(
      figure(`${slug} count`, none ? null : reached.count, stored.stored_count),
      figure(`${slug} target`, none ? null : target, stored.stored_target),
      figure(`${slug} pct`, none ? null : pct, stored.stored_pct),
      figure(`${slug} completed_at`, reached.completedBy?.utc_time ?? null, stored.stored_completed_at),
    );
  }
  return {
    kind: 'quest',
    lines,
    figures: figures.filter(({ computed, stored }) => computed !== null || stored !== null),
  };
};
