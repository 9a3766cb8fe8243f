import { usageFailure } from '../errors.js';
import { addDays, daysBetween } from '../pipeline/plan.js';
import { count, type Explanation, figure, type Known, listed, nameOf, storedRow, tapLine } from './known.js';

export const edge = async (known: Known): Promise<Explanation> => {
  const { name, asOfDay, taps, session, question } = known;
  if (question.other === null)
    throw usageFailure('why edge is about two users: give the other one with --other ID.');
  if (question.other === question.user)
    throw usageFailure('why edge is about two users: --user and --other are the same one.');
  const otherName = await nameOf(session, question.other);
  const [u1 = '', u2 = ''] = [question.user, question.other].sort();
  const stored = await storedRow(
    session,
    `select taps_90d, to_char(last_tap_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as last_tap_at,
       strength_f32 from edge_strength where u1 = $1::uuid and u2 = $2::uuid`,
    [u1, u2],
  );
  const from = addDays(asOfDay, -89);
  const shared = taps.filter(({ partner_id }) => partner_id === question.other);
  const recent = shared.filter(({ day }) => day >= from);
  const last = recent.at(-1);
  const intro = `${name} and ${otherName} have tapped ${count(shared.length, 'time')} in all, ${count(recent.length, 'time')} on the 90 days from ${from} to ${asOfDay}.`;
  if (last === undefined) {
    return {
      kind: 'edge',
      lines: [intro, 'Without a tap on those days there is no tie.'],
      figures: [
        figure('taps_90d', null, stored?.taps_90d),
        figure('strength_f32', null, stored?.strength_f32),
      ],
    };
  }
  const days = daysBetween(last.day, asOfDay).length - 1;
  const often = 0.6 * Math.log(1 + recent.length);
  const fresh = 0.4 * Math.exp(-days / 21);
  const [rounded] = await session.query<{ strength: number }>('select $1::float8::real as strength', [
    often + fresh,
  ]);
  const strength = rounded?.strength ?? often + fresh;
  // The last bit of a real may differ between two ways to compute one formula.
  const storedStrength = Number(stored?.strength_f32);
  const isEqual = Math.abs(storedStrength - strength) <= 2e-7 * strength;
  return {
    kind: 'edge',
    lines: [
      intro,
      `The latest was on ${last.day}, ${count(days, 'day')} before the as-of day ${asOfDay}.`,
      `How often: 0.6 * ln(1 + ${recent.length}) = ${often.toFixed(6)}`,
      `How lately: 0.4 * exp(-${days} / 21) = ${fresh.toFixed(6)}`,
      `Strength: ${often.toFixed(6)} + ${fresh.toFixed(6)} = ${(often + fresh).toFixed(6)}`,
      'The taps, latest first:',
      ...listed([...recent].reverse().map(tapLine)),
    ],
    figures: [
      figure('taps_90d', recent.length, stored?.taps_90d),
      figure('last_tap_at', last.utc_time, stored?.last_tap_at),
      figure('strength_f32', isEqual ? storedStrength : strength, stored?.strength_f32),
    ],
  };
};
