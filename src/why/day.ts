import {
  count,
  dayAskedFor,
  type Explanation,
  figure,
  firstDays,
  type Known,
  listed,
  sentence,
  storedRow,
  tapLine,
} from './known.js';

export const day = async (known: Known): Promise<Explanation> => {
  const { name, taps, session, question } = known;
  const asked = dayAskedFor(known);
  const stored = await storedRow(
    session,
    'select tap_count, first_degree_new_count from user_day_activity where user_id = $1::uuid and day = $2::date',
    [question.user, asked],
  );
  const onDay = taps.filter((tap) => tap.day === asked);
  const first = firstDays(taps);
  const newcomers = [...new Set(onDay.map(({ partner_id }) => partner_id))].filter(
    (id) => first.get(id) === asked,
  );
  const names = new Map(onDay.map((tap) => [tap.partner_id, tap.partner_name ?? tap.partner_id]));
  const none = onDay.length === 0;
  return {
    kind: 'day',
    lines: [
      `${name} had ${count(onDay.length, 'tap')} on ${asked}.`,
      ...listed(onDay.map(tapLine)),
      ...(none
        ? []
        : newcomers.length === 0
          ? ['All of these partners had been met before.']
          : [sentence(`Met for the first time ever: ${newcomers.map((id) => names.get(id)).join(', ')}`)]),
    ],
    figures: [
      figure('tap_count', none ? null : onDay.length, stored?.tap_count),
      figure('first_degree_new_count', none ? null : newcomers.length, stored?.first_degree_new_count),
    ],
  };
};
