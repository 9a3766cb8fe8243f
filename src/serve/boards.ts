import type { Answer, Boards } from './answer.js';
import type { Context } from './context.js';

type BoardName = 'new_connections' | 'community_builders' | 'streak_masters';

interface BoardRow extends Record<string, unknown> {
  readonly board: BoardName;
  readonly user_id: string | null;
  readonly name: string;
  readonly figure: number;
  readonly rank: number;
  readonly last_tap_at: string | null;
}

interface Place extends Record<string, unknown> {
  readonly new_first_degree: number;
  readonly delta_second_degree: number;
  readonly streak_days: number;
  readonly connectors_rank: number | null;
  readonly builders_rank: number | null;
  readonly streak_rank: number | null;
  readonly last_tap_at: string | null;
}

/** The viewer's home city: a row of sql/api/home.sql. */
interface Home extends Record<string, unknown> {
  readonly country: string;
  readonly state: string | null;
  readonly city: string;
}

const nowhere: Place = {
  new_first_degree: 0,
  delta_second_degree: 0,
  streak_days: 0,
  connectors_rank: null,
  builders_rank: null,
  streak_rank: null,
  last_tap_at: null,
};

/** The boards of the running week, and the same among the users of the viewer's home city: null where none is known. */
export const readBoards = async (
  context: Context,
): Promise<Boards & { city: Answer<'weekly'>['leaderboard']['city'] }> => {
  const { reading, viewer, watermark } = context;
  const own = reading
    .query<Place>('board_place', [viewer.userId, watermark.year, watermark.iso_week])
    .then(([place]) => place ?? nowhere);
  const [boards, city] = await Promise.all([readCommunityBoards(context, own), readCityBoards(context, own)]);
  return { ...boards, city };
};

/** The first five, which everybody shares, and the viewer's own place. */
const readCommunityBoards = async (context: Context, own: Promise<Place>): Promise<Boards> => {
  const { reading, watermark, shared } = context;
  const [rows, place] = await Promise.all([
    shared.of(`board ${watermark.revision}`, reading, (one) =>
      one.query<BoardRow>('board', [watermark.year, watermark.iso_week]),
    ),
    own,
  ]);
  return toBoards(rows, context, place);
};

const readCityBoards = async (
  context: Context,
  own: Promise<Place>,
): Promise<Answer<'weekly'>['leaderboard']['city']> => {
  const { reading, watermark, viewer, shared, tables, warn } = context;
  if (!tables.has('home_location_struct') || !tables.has('gazetteer_place')) {
    warn('City boards are left out: the tables of home cities do not exist. Run: arc-gam migrate');
    return null;
  }
  const [[home], place] = await Promise.all([reading.query<Home>('home', [viewer.userId]), own]);
  if (home === undefined) return null;
  const key = JSON.stringify([watermark.revision, home.country, home.state, home.city]);
  const rows = await shared.of(`city ${key}`, reading, (one) =>
    one.query<BoardRow>('city_board', [
      watermark.year,
      watermark.iso_week,
      home.country,
      home.state,
      home.city,
    ]),
  );
  const rankOf = (board: BoardName, figure: number): number | null =>
    rows.find((row) => row.user_id === null && row.board === board && row.figure === figure)?.rank ?? null;
  return {
    name: home.city,
    ...toBoards(
      rows.filter((row) => row.user_id !== null),
      context,
      {
        ...place,
        connectors_rank: rankOf('new_connections', place.new_first_degree),
        builders_rank: rankOf('community_builders', place.delta_second_degree),
        streak_rank: rankOf('streak_masters', place.streak_days),
      },
    ),
  };
};

const toBoards = (rows: readonly BoardRow[], { viewer }: Context, place: Place): Boards => {
  const of = (board: BoardName) =>
    rows
      .filter((row) => row.board === board)
      .map(({ user_id, name, figure, rank, last_tap_at }) => ({
        user_id: user_id ?? '',
        name,
        rank,
        figure,
        last_tap_at,
      }));
  const me = { user_id: viewer.userId, name: viewer.name };
  return {
    new_connections: of('new_connections').map(({ figure, ...row }) => ({
      ...row,
      new_first_degree: figure,
    })),
    community_builders: of('community_builders').map(({ figure, last_tap_at: _, ...row }) => ({
      ...row,
      delta_second_degree: figure,
    })),
    streak_masters: of('streak_masters').map(({ figure, last_tap_at: _, ...row }) => ({
      ...row,
      streak_days: figure,
    })),
    me: {
      new_connections: {
        ...me,
        rank: place.connectors_rank,
        new_first_degree: place.new_first_degree,
        last_tap_at: place.last_tap_at,
      },
      community_builders: {
        ...me,
        rank: place.builders_rank,
        delta_second_degree: place.delta_second_degree,
      },
      streak_masters: { ...me, rank: place.streak_rank, streak_days: place.streak_days },
    },
  };
};
