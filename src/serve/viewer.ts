import { Problem } from './problem.js';
import type { Reading } from './store.js';

/** What the answers are as of: the row of sql/api/watermark.sql. Days are YYYY-MM-DD, moments ISO 8601 in UTC. */
export interface Watermark extends Record<string, unknown> {
  readonly zone: string;
  readonly viewer_zone: string;
  readonly now_at: string;
  /** L; null where no day is processed. */
  readonly as_of_day: string | null;
  /** Taps before this moment are in the stored figures. */
  readonly known_until: string;
  readonly today: string;
  readonly viewer_today: string;
  readonly viewer_day: string;
  readonly viewer_day_is_over: boolean;
  /** The running week: that of the as-of day, so that a board is never empty only because its night has not come. */
  readonly year: number;
  readonly iso_week: number;
  readonly week_start: string;
  readonly viewer_week_start: string;
  readonly computed_at: string | null;
  /** Another one after every committed batch. */
  readonly revision: string;
}

/** Who asks. */
export interface Viewer {
  readonly userId: string;
  readonly name: string;
  /** Null for a user without a valid tap on a processed day. */
  readonly key: number | null;
}

export const readWatermark = async (
  reading: Reading,
  fallbackZone: string,
  viewerZone: string | undefined,
  now: string | null,
): Promise<Watermark> => {
  const [row] = await reading.query<Watermark>('watermark', [fallbackZone, viewerZone ?? null, now]);
  if (row === undefined) throw new Problem(503, 'The database did not say what it is as of.');
  return row;
};

/** The viewer. Throws a 404 where the application has no such user. */
export const readViewer = async (reading: Reading, userId: string): Promise<Viewer> => {
  const [row] = await reading.query<{ name: string; user_key: number | null }>('viewer', [userId]);
  if (row === undefined) throw new Problem(404, 'There is no user with this user_id.');
  return { userId, name: row.name, key: row.user_key };
};

export { addDays } from '../pipeline/plan.js';
