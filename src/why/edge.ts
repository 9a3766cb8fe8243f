import { usageFailure } from '../errors.js';
import type { Day } from '../pipeline/plan.js';
import { plural } from '../report/format.js';
import { type Asked, type Explanation, figuresOf, listed, nameOf, rowsOf, tapLine } from './answer.js';

interface Tie extends Record<string, unknown> {
  from_day: Day;
  tap_count: number;
  taps_90d: number;
  last_day: Day;
  age_days: number;
  often: number;
  lately: number;
  strength: number;
}

/**
 * Answers how strong the tie of two users is: their taps and the formula. Throws a usage failure unless the other one
 * is given, known and not the user.
 */
export const edge = async ({ session, clock, question, name, taps }: Asked): Promise<Explanation> => {
  if (question.other === null)
    throw usageFailure('why edge is about two users: give the other one with --other ID.');
  if (question.other === question.user)
    throw usageFailure('why edge is about two users: --user and --other are the same one.');
  const otherName = await nameOf(session, question.other);
  const pair = [question.user, question.other].sort();
  const figures = await figuresOf(session, 'edge_strength', 'u1 = $1::uuid and u2 = $2::uuid', pair);
  const [tie] = await rowsOf<Tie>(session, 'tie', pair);
  if (tie === undefined) throw new Error('sql/why/tie.sql returned no row.');
  const often = tie.often?.toFixed(6);
  const lately = tie.lately?.toFixed(6);
  const recent = taps.filter(({ partner_id, day }) => partner_id === question.other && day >= tie.from_day);
  return {
    kind: 'edge',
    lines: [
      `${name} and ${otherName} have tapped ${plural(tie.tap_count, 'time')} in all, ${plural(tie.taps_90d, 'time')} on the 90 days from ${tie.from_day} to ${clock.asOfDay}.`,
      ...(tie.taps_90d === 0
        ? ['Without a tap on those days there is no tie.']
        : [
            `The latest was on ${tie.last_day}, ${plural(tie.age_days, 'day')} before the as-of day ${clock.asOfDay}.`,
            `How often: 0.6 * ln(1 + ${tie.taps_90d}) = ${often}`,
            `How lately: 0.4 * exp(-${tie.age_days} / 21) = ${lately}`,
            `Strength: ${often} + ${lately} = ${tie.strength.toFixed(6)}`,
            'The taps, latest first:',
            ...listed([...recent].reverse().map(tapLine)),
          ]),
    ],
    figures,
  };
};
