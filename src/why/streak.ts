import type { Day } from '../pipeline/plan.js';
import { plural } from '../report/format.js';
import { type Asked, computed, type Explanation, figuresOf, listed, rowsOf, tapLine } from './answer.js';

interface Run extends Record<string, unknown> {
  started_on: Day;
  ended_on: Day;
  missed_on: Day;
  days: number;
}

/** Answers how long a user's streak is: the latest run of days, and the longest. Throws what the database does. */
export const streak = async ({ session, clock, question, name, taps }: Asked): Promise<Explanation> => {
  const figures = await figuresOf(session, 'user_streaks', 'user_id = $1::uuid', [question.user]);
  const runs = await rowsOf<Run>(session, 'run', [question.user]);
  const [latest] = runs;
  if (latest === undefined) {
    return {
      kind: 'streak',
      lines: [`${name} has no tap on a processed day, so there is no streak.`],
      figures,
    };
  }
  const current = computed(figures, 'current_streak_days');
  const longestDays = computed(figures, 'longest_streak_days');
  const longest = runs.find(({ days }) => days === longestDays) ?? latest;
  const grace =
    clock.aliveFromDay < clock.asOfDay
      ? ` Day ${clock.asOfDay} is not over yet, so a run may also end the day before.`
      : '';
  const activeDays = runs.reduce((sum, { days }) => sum + days, 0);
  const lastTaps = new Map(
    taps.filter(({ day }) => day >= latest.started_on).map((tap) => [tap.day, tap] as const),
  );
  return {
    kind: 'streak',
    lines: [
      `${name} had taps on ${plural(activeDays, 'day')} up to ${clock.asOfDay}.`,
      `The latest run of days without a gap goes from ${latest.started_on} to ${latest.ended_on}: ${plural(latest.days, 'day')}.`,
      current > 0 && latest.ended_on < clock.aliveFromDay
        ? `It was alive when it was derived: ${clock.asOfDay} has ended since, without a tap. So the streak is ${current} until the next run makes it 0.`
        : current > 0
          ? `It is alive: it reaches ${latest.ended_on}, and a streak has to reach ${clock.aliveFromDay}.${grace} So the streak is ${current}.`
          : `It is broken: ${latest.missed_on} had no tap, and a streak has to reach ${clock.aliveFromDay} to be alive.${grace} So the streak is 0.`,
      longest === latest
        ? 'No earlier run was longer.'
        : `The longest run was ${longest.started_on} to ${longest.ended_on}: ${plural(longest.days, 'day')}.`,
      'The days of the latest run, and the last tap of each:',
      ...listed([...lastTaps.values()].reverse().map(tapLine)),
    ],
    figures,
  };
};
