import { plural, sentence } from '../report/format.js';
import { type Asked, computed, type Explanation, figuresOf, listed, rowsOf, tapLine } from './answer.js';

/** Answers what a user did on one day: the taps, and who of them was new. Throws what the database does. */
export const day = async ({ session, question, name, taps, day: asked }: Asked): Promise<Explanation> => {
  const figures = await figuresOf(session, 'user_day_activity', 'user_id = $1::uuid and day = $2::date', [
    question.user,
    asked,
  ]);
  const newcomers = await rowsOf<{ name: string }>(session, 'newcomer', [question.user, asked, asked]);
  const tapCount = computed(figures, 'tap_count');
  return {
    kind: 'day',
    lines: [
      `${name} had ${plural(tapCount, 'tap')} on ${asked}.`,
      ...listed(taps.filter((tap) => tap.day === asked).map(tapLine)),
      ...(tapCount === 0
        ? []
        : newcomers.length === 0
          ? ['All of these partners had been met before.']
          : [sentence(`Met for the first time ever: ${newcomers.map((each) => each.name).join(', ')}`)]),
    ],
    figures,
  };
};
