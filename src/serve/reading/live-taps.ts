import type { Context, Lifetime } from './context.js';

/** A tap that the figures may not know yet, as one of its users sees it. */
interface LiveTap {
  readonly partner_id: string;
  readonly tapped_at: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
}

interface Row extends Record<string, unknown> {
  readonly id1: string;
  readonly id2: string;
  readonly tapped_at: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
}

/**
 * Of two days, the running one and the one before it. More of them are looked up for each viewer alone: to hand them
 * over would keep this process busy.
 */
const mostTaps = 40_000;
/** The radar is live to a few seconds. */
const lifetime: Lifetime = { freshMs: 3_000, lifeMs: 6_000 };

/**
 * The viewer's taps of days that are not processed or that may have taps which no batch has seen: where the
 * application has no index on the users of its taps, all of these days are read for one viewer, so they are read once
 * for everybody. Null where they are too many.
 */
export const readLiveTaps = async ({
  reading,
  cache,
  viewer,
  watermark,
}: Context): Promise<readonly LiveTap[] | null> => {
  // What a day's figures know belongs to its revision, and which day is running to the date.
  const state = `${watermark.revision} ${watermark.today}`;
  const byUser = await cache.of(
    'live',
    state,
    reading,
    async (one) => {
      const rows = await one.query<Row>('live_tap', [
        watermark.zone,
        watermark.now_at,
        mostTaps,
        watermark.live_from_day,
      ]);
      return rows.length > mostTaps ? null : group(rows);
    },
    lifetime,
  );
  return byUser === null ? null : (byUser.get(viewer.userId) ?? []);
};

const group = (rows: readonly Row[]): ReadonlyMap<string, LiveTap[]> => {
  const byUser = new Map<string, LiveTap[]>();
  const add = (user: string, tap: LiveTap): void => {
    const taps = byUser.get(user);
    if (taps === undefined) byUser.set(user, [tap]);
    else taps.push(tap);
  };
  for (const { id1, id2, ...where } of rows) {
    add(id1, { partner_id: id2, ...where });
    add(id2, { partner_id: id1, ...where });
  }
  return byUser;
};
