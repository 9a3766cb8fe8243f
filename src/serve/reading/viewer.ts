import { Problem } from '../problem.js';
import type { Reading } from './store.js';

/** What the answers are as of: part of the row of sql/api/viewer.sql. Days are YYYY-MM-DD, moments ISO 8601 in UTC. */
export interface Watermark extends Record<string, unknown> {
  readonly zone: string;
  readonly viewer_zone: string;
  readonly now_at: string;
  /** L; null where no day is processed. */
  readonly as_of_day: string | null;
  /** Taps that came before this moment are in the stored figures; null where no day is processed. */
  readonly known_until: string | null;
  /** The viewer's own figures end with L in the viewer's zone, or with what is known. */
  readonly counted_until: string | null;
  readonly today: string;
  /** Days from this one on, the day before the last batch, are read from the source: no batch has seen late taps. */
  readonly live_from_day: string;
  readonly viewer_today: string;
  /** Whether L is over in the viewer's zone as far as is known. */
  readonly viewer_day_is_over: boolean;
  /** The running week: that of the as-of day, so that a board is never empty only because its night has not come. */
  readonly year: number;
  readonly iso_week: number;
  readonly week_start: string;
  /** The moment that the last batch was as of. */
  readonly computed_at: string | null;
  /** Changes with every committed batch. */
  readonly revision: string;
}

/** Who asks. */
export interface Viewer {
  readonly userId: string;
  readonly name: string;
  /** Null for a user without a valid tap on a processed day. */
  readonly key: number | null;
  readonly home: Home | null;
}

/** A home city, as home_location_struct writes it. */
export interface Home {
  readonly country: string;
  readonly state: string | null;
  readonly city: string;
  /** Of its centre. Never leaves the server. */
  readonly latitude: number;
  readonly longitude: number;
}

interface ViewerRow extends Watermark {
  readonly user_exists: boolean;
  readonly name: string;
  readonly user_key: number | null;
  readonly home_country: string | null;
  readonly home_state: string | null;
  readonly home_city: string | null;
  readonly home_latitude: number;
  readonly home_longitude: number;
}

/** What every request asks first. `now`: null for the present. Throws a 404 where the application has no such user. */
export const readViewer = async (
  reading: Reading,
  userId: string,
  { fallbackZone, zone, now }: { fallbackZone: string; zone: string | undefined; now: string | null },
): Promise<{ watermark: Watermark; viewer: Viewer }> => {
  const [row] = await reading.query<ViewerRow>('viewer', [fallbackZone, zone ?? null, now, userId]);
  if (row === undefined) throw new Error('sql/api/viewer.sql gave no row');
  const {
    user_exists,
    name,
    user_key,
    home_country,
    home_state,
    home_city,
    home_latitude,
    home_longitude,
    ...watermark
  } = row;
  if (!user_exists) throw new Problem(404, 'unknown_user', 'There is no user with this user_id.');
  const home =
    home_city === null || home_country === null
      ? null
      : {
          country: home_country,
          state: home_state,
          city: home_city,
          latitude: home_latitude,
          longitude: home_longitude,
        };
  return { watermark: watermark as Watermark, viewer: { userId, name, key: user_key, home } };
};

/**
 * A digest of who has opted out. Changes within a moment of it, while a request never waits for all users to be read.
 */
export const readOptOuts = async (reading: Reading): Promise<string> => {
  const [row] = await reading.query<{ digest: string }>('opt_out', []);
  if (row === undefined) throw new Error('sql/api/opt_out.sql gave no row');
  return row.digest;
};
