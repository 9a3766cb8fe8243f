import type { Context } from '../reading/context.js';

interface Placed extends Record<string, unknown> {
  readonly geohash5: string;
  readonly place_id: number;
}

/**
 * Cities in which the viewer tapped for the first time within a window that ends with `end`. `cells`: as
 * sql/api/momentum.sql gives them.
 */
export const readGeoExpansion = async (
  context: Context,
  cells: string | null,
  end: string,
): Promise<{ city: string; new_taps: number }[]> => {
  const { reading, viewer, watermark } = context;
  if (viewer.key === null || cells === null) return [];
  const met = new Map(cells.split(',').map((text) => text.split(':') as [cell: string, met: string]));
  const placed = await placesOf(context, [...met.keys()]);
  const citiesThatAre = (word: string): ReadonlySet<number> =>
    new Set(placed.filter(({ geohash5 }) => met.get(geohash5) === word).map(({ place_id }) => place_id));
  const older = citiesThatAre('older');
  const recent = citiesThatAre('new');
  const fresh = placed.filter(({ place_id }) => recent.has(place_id) && !older.has(place_id));
  if (fresh.length === 0) return [];
  return reading.query('geo_expansion', [
    viewer.userId,
    viewer.key,
    end,
    watermark.viewer_zone,
    `{${fresh.map(({ geohash5 }) => geohash5).join(',')}}`,
    `{${fresh.map(({ place_id }) => place_id).join(',')}}`,
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
