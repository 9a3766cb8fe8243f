import type { Answer } from './answer.js';
import type { Context } from './context.js';

type NewCity = Answer<'weekly'>['recap']['geo_expansion'][number];

interface Placed extends Record<string, unknown> {
  readonly geohash5: string;
  readonly place_id: number;
}

/** Cities in which the viewer tapped for the first time from `start` to `end`. */
export const readGeoExpansion = async (context: Context, start: string, end: string): Promise<NewCity[]> => {
  const { reading, tables, viewer, watermark, warn } = context;
  if (!tables.has('user_cell') || !tables.has('gazetteer_place')) {
    warn('geo_expansion is empty: the tables of areas do not exist. Run: arc-gam migrate');
    return [];
  }
  if (viewer.key === null) return [];
  const window = [start, end, watermark.viewer_zone] as const;
  const cells = await reading.query<{ geohash5: string }>('viewer_cell', [viewer.key, ...window]);
  const placed = await placesOf(
    context,
    cells.map(({ geohash5 }) => geohash5),
  );
  if (placed.length === 0) return [];
  return reading.query<NewCity>('geo_expansion', [
    viewer.userId,
    viewer.key,
    ...window,
    placed.map(({ geohash5 }) => geohash5).join(','),
    placed.map(({ place_id }) => place_id).join(','),
  ]);
};

/** Which place each cell counts as; cells that are nowhere are left out. A search of the gazetteer is worth remembering. */
const placesOf = async ({ reading, places }: Context, cells: readonly string[]): Promise<Placed[]> => {
  const found = new Map(cells.map((cell) => [cell, places.get(cell)]));
  const unknown = cells.filter((cell) => found.get(cell) === undefined);
  if (unknown.length > 0) {
    const rows = await reading.query<Placed>('cell_place', [unknown.join(',')]);
    const byCell = new Map(rows.map(({ geohash5, place_id }) => [geohash5, place_id]));
    for (const cell of unknown) {
      const place = byCell.get(cell) ?? null;
      found.set(cell, place);
      places.set(cell, place);
    }
  }
  return [...found].flatMap(([geohash5, place_id]) =>
    place_id === undefined || place_id === null ? [] : [{ geohash5, place_id }],
  );
};
