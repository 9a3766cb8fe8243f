import { readPackageFile } from '../files.js';
import { addDays, type Day, daysBetween } from '../pipeline/plan.js';
import {
  activeDays,
  count,
  dayAskedFor,
  type Explanation,
  figure,
  firstDays,
  type Known,
  listed,
  monday,
  runsOf,
  sentence,
  storedRow,
  type Tap,
} from './known.js';

interface Other extends Record<string, unknown> {
  other_id: string;
  other_name: string | null;
  through_name: string | null;
  reached_on: Day;
  met_on: Day | null;
}

interface Week {
  readonly start: Day;
  readonly end: Day;
  readonly taps: readonly Tap[];
  readonly newcomers: readonly string[];
  readonly atTwo: readonly Other[];
  readonly newAtTwo: readonly Other[];
  readonly streakDays: number;
}

export const weekOf = async (known: Known): Promise<Week> => {
  const { session, zone, question, taps, asOfDay } = known;
  const start = monday(dayAskedFor(known));
  const sunday = addDays(start, 6);
  const end = sunday < asOfDay ? sunday : asOfDay;
  const inWeek = taps.filter((tap) => tap.day >= start && tap.day <= sunday);
  const newcomers = [...firstDays(taps)]
    .filter(([, first]) => first >= start && first <= sunday)
    .map(([id]) => id);
  const others = await session.query<Other>(readPackageFile('sql/why/second_degree.sql'), [
    zone,
    question.user,
  ]);
  const atTwo = others.filter(
    ({ reached_on, met_on }) => reached_on <= end && (met_on === null || met_on > end),
  );
  const streakDays = Math.max(
    0,
    ...runsOf(activeDays(known))
      .filter((run) => run.from <= sunday && run.to >= start)
      .map((run) => daysBetween(run.from, run.to < sunday ? run.to : sunday).length),
  );
  return {
    start,
    end,
    taps: inWeek,
    newcomers,
    atTwo,
    newAtTwo: atTwo.filter(({ reached_on }) => reached_on >= start),
    streakDays,
  };
};

export const week = async (known: Known): Promise<Explanation> => {
  const { name, session, question } = known;
  const found = await weekOf(known);
  const stored = await storedRow(
    session,
    `select tap_count, first_degree_new_count, second_degree_count, second_degree_new_count
     from user_week_activity where user_id = $1::uuid and week_start = $2::date`,
    [question.user, found.start],
  );
  const none = found.taps.length === 0;
  const byDay = daysBetween(found.start, addDays(found.start, 6))
    .map((date) => ({ date, taps: found.taps.filter((tap) => tap.day === date).length }))
    .filter(({ taps }) => taps > 0);
  const names = new Map(found.taps.map((tap) => [tap.partner_id, tap.partner_name ?? tap.partner_id]));
  return {
    kind: 'week',
    lines: [
      `${name} had ${count(found.taps.length, 'tap')} in the week from Monday ${found.start}${none ? '.' : `: ${byDay.map(({ date, taps }) => `${taps} on ${date}`).join(', ')}.`}`,
      sentence(
        `Met for the first time ever: ${found.newcomers.length === 0 ? 'nobody' : found.newcomers.map((id) => names.get(id)).join(', ')}`,
      ),
      `Friends of friends on ${found.end}, neither friends nor the user: ${found.atTwo.length}.${cameWithinReach(found)}`,
      ...listed(
        found.newAtTwo.map(
          (other) =>
            `  ${other.other_name ?? other.other_id}, through ${other.through_name ?? 'somebody'}, since ${other.reached_on}`,
        ),
      ),
    ],
    figures: [
      figure('tap_count', none ? null : found.taps.length, stored?.tap_count),
      figure('first_degree_new_count', none ? null : found.newcomers.length, stored?.first_degree_new_count),
      figure('second_degree_count', none ? null : found.atTwo.length, stored?.second_degree_count),
      figure('second_degree_new_count', none ? null : found.newAtTwo.length, stored?.second_degree_new_count),
    ],
  };
};

/** Ends in a colon only where a list follows. */
const cameWithinReach = ({ atTwo, newAtTwo, start }: Week): string => {
  if (atTwo.length === 0) return '';
  return newAtTwo.length === 0
    ? ` None of them came within reach since ${start}.`
    : ` ${newAtTwo.length} of them came within reach since ${start}:`;
};
