import { plural } from '../report/format.js';
import { type Asked, computed, type Explanation, figuresOf } from './answer.js';
import { weekOf } from './week.js';

const boards = [
  [
    'connectors',
    'new_first_degree',
    'partner met for the first time ever',
    'partners met for the first time ever',
  ],
  ['builders', 'delta_second_degree', 'new friend of a friend', 'new friends of friends'],
  [
    'streak',
    'streak_days',
    'day, the longest that a streak had become',
    'days, the longest that a streak had become',
  ],
] as const;

/** Answers where a user stands on the boards of a week, and how many have more. Throws what the database does. */
export const rank = async ({ session, question, name, day }: Asked): Promise<Explanation> => {
  const { week_start: start, user_count: userCount } = await weekOf(session, day);
  const where = 'user_id = $1::uuid and coalesce(stored.week_start, $2::date) = $2::date';
  const values = [question.user, start];
  const found = [
    ...(await figuresOf(
      session,
      'weekly_leaderboard',
      `${where} and coalesce(expected.week_start, $2::date) = $2::date`,
      values,
    )),
    ...(await figuresOf(session, 'weekly_leaderboard_rank', where, values)),
  ];
  const figures = boards.flatMap(([board, column]) =>
    [column, `${board}_rank`].flatMap((wanted) => found.filter((figure) => figure.name === wanted)),
  );
  const told = boards.map(([board, column, one, many]) => {
    const value = computed(figures, column);
    const place = computed(figures, `${board}_rank`);
    if (value === 0) return `  ${board}: 0 ${many}: no rank.`;
    const ahead = place - 1;
    const more = ahead === 0 ? 'nobody has' : ahead === 1 ? '1 user has' : `${ahead} users have`;
    return `  ${board}: ${value} ${value === 1 ? one : many}; ${place === 0 ? 'not on the board yet' : `${more} more: rank ${place}`}.`;
  });
  return {
    kind: 'rank',
    lines: figures.every((figure) => figure.computed === null)
      ? [`${name} had no tap in the week from Monday ${start}, so there is no place on its boards.`]
      : [
          `${name} in the week from Monday ${start}, among ${plural(userCount, 'user')}:`,
          ...told,
          'Own figures are from the source, those of the others as stored.',
        ],
    figures,
  };
};
