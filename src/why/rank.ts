import { readPackageFile } from '../files.js';
import { count, type Explanation, figure, type Known, storedRow } from './known.js';
import { weekOf } from './week.js';

export const rank = async (known: Known): Promise<Explanation> => {
  const { name, session, question } = known;
  const found = await weekOf(known);
  const stored = await storedRow(
    session,
    `select new_first_degree, delta_second_degree, streak_days, connectors_rank, builders_rank, streak_rank
     from weekly_leaderboard where user_id = $1::uuid and week_start = $2::date`,
    [question.user, found.start],
  );
  const none = found.taps.length === 0;
  const [ahead] = await session.query<{
    connectors: number;
    builders: number;
    streak: number;
    users: number;
  }>(readPackageFile('sql/why/ahead.sql'), [
    found.start,
    found.newcomers.length,
    found.newAtTwo.length,
    found.streakDays,
    question.user,
  ]);
  const boards = [
    [
      'connectors',
      'new_first_degree',
      found.newcomers.length,
      ahead?.connectors ?? 0,
      ['partner met for the first time ever', 'partners met for the first time ever'],
    ],
    [
      'builders',
      'delta_second_degree',
      found.newAtTwo.length,
      ahead?.builders ?? 0,
      ['new friend of a friend', 'new friends of friends'],
    ],
    [
      'streak',
      'streak_days',
      found.streakDays,
      ahead?.streak ?? 0,
      ['day, the longest that a streak had become', 'days, the longest that a streak had become'],
    ],
  ] as const;
  return {
    kind: 'rank',
    lines: none
      ? [`${name} had no tap in the week from Monday ${found.start}, so there is no place on its boards.`]
      : [
          `${name} in the week from Monday ${found.start}, among ${count(ahead?.users ?? 1, 'user')}:`,
          ...boards.map(([board, , value, before, [one, many]]) =>
            value === 0
              ? `  ${board}: 0 ${many}: no rank.`
              : `  ${board}: ${value} ${value === 1 ? one : many}; ${before === 0 ? 'nobody has' : before === 1 ? '1 user has' : `${before} users have`} more: rank ${before + 1}.`,
          ),
          'Own figures are from the source, those of the others as stored.',
        ],
    figures: boards.flatMap(([board, column, value, before]) => [
      figure(column, none ? null : value, stored?.[column]),
      figure(`${board}_rank`, none || value === 0 ? null : before + 1, stored?.[`${board}_rank`]),
    ]),
  };
};
