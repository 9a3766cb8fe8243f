import type { Session } from '../db/transaction.js';
import type { Day } from '../pipeline/plan.js';
import { plural, sentence } from '../report/format.js';
import { type Asked, computed, type Explanation, figuresOf, listed, rowsOf } from './answer.js';

interface Week extends Record<string, unknown> {
  week_start: Day;
  sunday: Day;
  /** Its Sunday, or the as-of day if that is earlier. */
  ends_on: Day;
  /** Number of users on its boards. */
  user_count: number;
}

/** Finds the week of a day, and makes the checks look at that week's boards. */
export const weekOf = async (session: Session, day: Day): Promise<Week> => {
  const [week] = await rowsOf<Week>(session, 'week', [day]);
  if (week === undefined) throw new Error('sql/why/week.sql returned no row.');
  return week;
};

interface Other extends Record<string, unknown> {
  name: string;
  through_name: string;
  reached_on: Day;
  is_new: boolean;
}

/** Answers what a user did in a week: taps, who was met, who came within reach. Throws what the database does. */
export const week = async ({ session, question, name, day }: Asked): Promise<Explanation> => {
  const { week_start: start, sunday, ends_on: end } = await weekOf(session, day);
  const figures = await figuresOf(
    session,
    'user_week_activity',
    'user_id = $1::uuid and coalesce(expected.week_start, stored.week_start) = $2::date',
    [question.user, start],
  );
  const days = await rowsOf<{ day: Day; tap_count: number }>(session, 'day_of_week', [
    question.user,
    start,
    sunday,
  ]);
  const newcomers = await rowsOf<{ name: string }>(session, 'newcomer', [question.user, start, sunday]);
  const others = await rowsOf<Other>(session, 'second_degree', [question.user, start]);
  const newOthers = others.filter(({ is_new }) => is_new);
  const byDay = days.map((each) => `${each.tap_count} on ${each.day}`).join(', ');
  const met = newcomers.length === 0 ? 'nobody' : newcomers.map((each) => each.name).join(', ');
  return {
    kind: 'week',
    lines: [
      `${name} had ${plural(computed(figures, 'tap_count'), 'tap')} in the week from Monday ${start}${byDay === '' ? '' : `: ${byDay}`}.`,
      sentence(`Met for the first time ever: ${met}`),
      `Friends of friends on ${end}, neither friends nor the user: ${others.length}.${cameWithinReach(others.length, newOthers.length, start)}`,
      ...listed(
        newOthers.map((other) => `  ${other.name}, through ${other.through_name}, since ${other.reached_on}`),
      ),
    ],
    figures,
  };
};

/** Ends the sentence with a colon where a list follows, else with a full stop. */
const cameWithinReach = (all: number, newOnes: number, start: Day): string => {
  if (all === 0) return '';
  return newOnes === 0
    ? ` None of them came within reach since ${start}.`
    : ` ${newOnes} of them came within reach since ${start}:`;
};
