import type { Context } from './context.js';

interface Placed extends Record<string, unknown> {
  readonly geohash5: string;
  readonly place_id: number;
}

/** Cities in which the viewer tapped for the first time from `start` to `end`. */
export const readGeoExpansion = async (
  context: Context,
  start: string,
  end: string,
): Promise<{ city: string; new_taps: number }[]> => {
  const { reading, viewer, watermark } = context;
  if (viewer.key === null) return [];
  const window = [start, end, watermark.viewer_zone] as const;
  const cells = await reading.query<{ geohash5: string }>('viewer_cell', [viewer.key, ...window]);
  const placed = await placesOf(
    context,
    cells.map(({ geohash5 }) => geohash5),
  );
  if (placed.length === 0) return [];
  return reading.query('geo_expansion', [
    viewer.userId,
    viewer.key,
    ...window,
    placed.map(({ geohash5 }) => geohash5).join(','),
    placed.map(({ place_id }) => place_id).join(','),
  ]);
};

/**
 * Which city each cell counts as; cells that are nowhere are left out. A search of the gazetteer is worth remembering.
 */
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
