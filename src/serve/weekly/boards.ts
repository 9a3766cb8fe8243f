import { z } from 'zod';
import { someone } from '../made-up.js';
import type { Context } from '../reading/context.js';
import { count, instant, nullable, person } from '../shape.js';

const row = { ...person, rank: nullable(z.int()) };
const newConnections = z.object({ ...row, new_first_degree: count, last_tap_at: nullable(instant) });
const communityBuilders = z.object({ ...row, delta_second_degree: count });
const streakMasters = z.object({ ...row, streak_days: count });
const lastWeek = { rank_last_week: nullable(z.int()).optional() };

/** The three boards of the running week. */
export const boards = z.object({
  new_connections: z.array(newConnections),
  community_builders: z.array(communityBuilders),
  streak_masters: z.array(streakMasters),
  me: z
    .object({
      new_connections: newConnections.extend(lastWeek),
      community_builders: communityBuilders.extend(lastWeek),
      streak_masters: streakMasters.extend(lastWeek),
    })
    .meta({ description: "The viewer's own rows; a rank is null where the figure is 0." }),
});

/** The same among the users of a city. */
export const cityBoards = nullable(
  boards.extend({
    name: z.string(),
    query: z.string().meta({ description: "What the radar's city is to be given for this city." }),
  }),
).meta({ description: "Among users of the viewer's home city; null where none is known." });

type Boards = z.output<typeof boards>;
type CityBoards = z.output<typeof cityBoards>;
type BoardName = 'new_connections' | 'community_builders' | 'streak_masters';

interface BoardRow extends Record<string, unknown> {
  readonly board: BoardName;
  readonly user_id: string | null;
  readonly name: string;
  readonly figure: number;
  readonly rank: number;
  readonly last_tap_at: string | null;
}

/** The viewer's own place on the boards, from sql/api/momentum.sql. */
export interface Place {
  readonly new_first_degree: number;
  readonly delta_second_degree: number;
  readonly streak_days: number;
  readonly connectors_rank: number | null;
  readonly builders_rank: number | null;
  readonly streak_rank: number | null;
  readonly last_tap_at: string | null;
  readonly last_connectors_rank?: number | null;
  readonly last_builders_rank?: number | null;
  readonly last_streak_rank?: number | null;
}

/**
 * The boards of the running week with the viewer's place on them, and the same among the users of the viewer's home
 * city: null where none is known.
 */
export const readBoards = async (
  context: Context,
  own: Promise<Place>,
): Promise<Boards & { city: CityBoards }> => {
  const [community, city] = await Promise.all([
    readCommunityBoards(context, own),
    readCityBoards(context, own),
  ]);
  return { ...community, city };
};

/** The first five, which everybody shares, and the viewer's own place. */
const readCommunityBoards = async (context: Context, own: Promise<Place>): Promise<Boards> => {
  const { reading, watermark, cache, optOuts } = context;
  const [rows, place] = await Promise.all([
    cache.of('board', `${watermark.revision} ${optOuts}`, reading, (one) =>
      one.query<BoardRow>('board', [watermark.year, watermark.iso_week]),
    ),
    own,
  ]);
  return toBoards(rows, context, place);
};

const readCityBoards = async (context: Context, own: Promise<Place>): Promise<CityBoards> => {
  const { reading, watermark, viewer, cache, optOuts } = context;
  const { home } = viewer;
  if (home === null) return null;
  const key = JSON.stringify([home.country, home.state, home.city]);
  const [rows, { last_connectors_rank: _, last_builders_rank: __, last_streak_rank: ___, ...place }] =
    await Promise.all([
      cache.of(`city ${key}`, `${watermark.revision} ${optOuts}`, reading, (one) =>
        one.query<BoardRow>('city_board', [
          watermark.year,
          watermark.iso_week,
          home.country,
          home.state,
          home.city,
        ]),
      ),
      own,
    ]);
  const rankOf = (board: BoardName, figure: number): number | null =>
    rows.find((one) => one.user_id === null && one.board === board && one.figure === figure)?.rank ?? null;
  return {
    name: home.city,
    query: [home.city, home.state, home.country].filter((part) => part !== null).join(', '),
    ...toBoards(
      rows.filter((one) => one.user_id !== null),
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
      .filter((one) => one.board === board)
      .map(({ user_id, name, figure, rank, last_tap_at }) => ({
        user_id: user_id ?? '',
        name,
        rank,
        figure,
        last_tap_at,
      }));
  const me = { user_id: viewer.userId, name: viewer.name };
  return {
    new_connections: of('new_connections').map(({ figure, ...one }) => ({
      ...one,
      new_first_degree: figure,
    })),
    community_builders: of('community_builders').map(({ figure, last_tap_at: _, ...one }) => ({
      ...one,
      delta_second_degree: figure,
    })),
    streak_masters: of('streak_masters').map(({ figure, last_tap_at: _, ...one }) => ({
      ...one,
      streak_days: figure,
    })),
    me: {
      new_connections: {
        ...me,
        rank: place.connectors_rank,
        new_first_degree: place.new_first_degree,
        last_tap_at: place.last_tap_at,
        ...rankLastWeek(place.last_connectors_rank),
      },
      community_builders: {
        ...me,
        rank: place.builders_rank,
        delta_second_degree: place.delta_second_degree,
        ...rankLastWeek(place.last_builders_rank),
      },
      streak_masters: {
        ...me,
        rank: place.streak_rank,
        streak_days: place.streak_days,
        ...rankLastWeek(place.last_streak_rank),
      },
    },
  };
};

/** The city's boards of the week before are not kept, so their ranks are left out. */
const rankLastWeek = (rank: number | null | undefined): { rank_last_week?: number | null } =>
  rank === undefined ? {} : { rank_last_week: rank };

/** Made-up boards. */
export const mockBoards = (
  me: { user_id: string; name: string },
  tapped: (index: number) => string,
): Boards & { city: CityBoards } => {
  const made: Boards = {
    new_connections: [0, 1, 2, 3, 4].map((index) => ({
      ...someone(index),
      rank: index + 1,
      new_first_degree: 9 - index,
      last_tap_at: tapped(index),
    })),
    community_builders: [1, 3, 0, 2, 4].map((index, place) => ({
      ...someone(index),
      rank: place + 1,
      delta_second_degree: 31 - 4 * place,
    })),
    streak_masters: [2, 0, 4, 1, 3].map((index, place) => ({
      ...someone(index),
      rank: place + 1,
      streak_days: 21 - 3 * place,
    })),
    me: {
      new_connections: {
        ...me,
        rank: 12,
        new_first_degree: 3,
        last_tap_at: tapped(0),
        rank_last_week: 17,
      },
      community_builders: { ...me, rank: 9, delta_second_degree: 8, rank_last_week: 8 },
      streak_masters: { ...me, rank: 17, streak_days: 4, rank_last_week: null },
    },
  };
  return { ...made, city: { name: 'Austin', query: 'Austin, TX, US', ...made } };
};
