import { addDays, daysBetween } from '../pipeline/plan.js';
import {
  activeDays,
  count,
  type Explanation,
  figure,
  type Known,
  listed,
  runsOf,
  storedRow,
  tapLine,
} from './known.js';

export const streak = async (known: Known): Promise<Explanation> => {
  const { name, asOfDay, aliveFromDay, taps, session, question } = known;
  const stored = await storedRow(
    session,
    `select current_streak_days, longest_streak_days, last_active_day, streak_started_on,
       to_char(last_tap_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as last_tap_at
     from user_streaks where user_id = $1::uuid`,
    [question.user],
  );
  const runs = runsOf(activeDays(known));
  const latest = runs.at(-1);
  const longest = [...runs].sort((one, other) => other.days - one.days)[0];
  const lastTap = taps.at(-1);
  if (latest === undefined || longest === undefined || lastTap === undefined) {
    const figures = [figure('current_streak_days', null, stored?.current_streak_days)];
    return {
      kind: 'streak',
      lines: [`${name} has no tap on a processed day, so there is no streak.`],
      figures,
    };
  }
  const alive = latest.to >= aliveFromDay;
  const grace =
    aliveFromDay < asOfDay ? ` Day ${asOfDay} is not over yet, so a run may also end the day before.` : '';
  const lines = [
    `${name} had taps on ${count(activeDays(known).length, 'day')} up to ${asOfDay}.`,
    `The latest run of days without a gap goes from ${latest.from} to ${latest.to}: ${count(latest.days, 'day')}.`,
    alive
      ? `It is alive: it reaches ${latest.to}, and a streak has to reach ${aliveFromDay}.${grace} So the streak is ${latest.days}.`
      : `It is broken: ${addDays(latest.to, 1)} had no tap, and a streak has to reach ${aliveFromDay} to be alive.${grace} So the streak is 0.`,
    longest === latest
      ? 'No earlier run was longer.'
      : `The longest run was ${longest.from} to ${longest.to}: ${count(longest.days, 'day')}.`,
    `The days of the latest run, and the last tap of each:`,
    ...listed(
      daysBetween(latest.from, latest.to)
        .reverse()
        .map((day) => tapLine(taps.filter((tap) => tap.day === day).at(-1) ?? lastTap)),
    ),
  ];
  return {
    kind: 'streak',
    lines,
    figures: [
      figure('current_streak_days', alive ? latest.days : 0, stored?.current_streak_days),
      figure('longest_streak_days', longest.days, stored?.longest_streak_days),
      figure('last_active_day', latest.to, stored?.last_active_day),
      figure('streak_started_on', latest.from, stored?.streak_started_on),
      figure('last_tap_at', lastTap.utc_time, stored?.last_tap_at),
    ],
  };
};
