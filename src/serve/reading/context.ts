import type { ServeSettings } from '../settings.js';
import type { Meta } from '../shape.js';
import type { Reading, Store } from './store.js';
import type { Users } from './users.js';
import type { Viewer, Watermark } from './viewer.js';

/** What an endpoint answers from. */
export interface Context {
  readonly reading: Reading;
  readonly watermark: Watermark;
  readonly viewer: Viewer;
  readonly serve: ServeSettings;
  /** A digest of who has opted out: what is remembered for all viewers belongs to it. */
  readonly optOuts: string;
  /** What everybody is shown alike, kept for a moment. */
  readonly cache: Cache;
  readonly places: Places;
  readonly users: Users;
  /** Adds fields to meta. */
  describe(meta: Partial<Meta>): void;
}

/** Milliseconds for which a value is good. */
export interface Lifetime {
  /** An older one is made anew beside the request, in a reading of its own, and nobody waits for it. */
  readonly freshMs: number;
  /** One older than that is nobody's. */
  readonly lifeMs: number;
}

/** Remembers what does not depend on the viewer. */
export interface Cache {
  /**
   * The value of `key` in this `state` of the database, made by `make` from `reading` if it is not known or too old:
   * once for all requests that want it at the same time. That of another state makes way for it. Default lifetime: half
   * a minute and a minute.
   */
  of<Value>(
    key: string,
    state: string,
    reading: Reading,
    make: (reading: Reading) => Promise<Value>,
    lifetime?: Lifetime,
  ): Promise<Value>;
}

const usualLifetime: Lifetime = { freshMs: 30_000, lifeMs: 60_000 };
const most = 1_000;

/** Opens an empty memory. `read` gives a reading of its own. A failed attempt is not remembered. */
export const openCache = (read: Store['read']): Cache => {
  /** The oldest one first. */
  const kept = new Map<string, { state: string; value: unknown; madeAt: number; isRenewed: boolean }>();
  /** Values under way, so that of many requests at once only the first makes a value that nobody has yet. */
  const making = new Map<string, Promise<unknown>>();
  const keep = (key: string, state: string, value: unknown): void => {
    kept.delete(key);
    kept.set(key, { state, value, madeAt: performance.now(), isRenewed: false });
    const [oldest = key] = kept.keys();
    if (kept.size > most) kept.delete(oldest);
  };
  return {
    of: async <Value>(
      key: string,
      state: string,
      reading: Reading,
      make: (reading: Reading) => Promise<Value>,
      { freshMs, lifeMs }: Lifetime = usualLifetime,
    ) => {
      const wanted = `${key} ${state}`;
      for (;;) {
        const found = kept.get(key);
        const age = found?.state === state ? performance.now() - found.madeAt : Number.POSITIVE_INFINITY;
        if (found !== undefined && age <= lifeMs) {
          if (age > freshMs && !found.isRenewed) {
            found.isRenewed = true;
            // What fails here is tried again, and reported, by the first request after the value's life.
            read(make).then(
              (value) => {
                if (kept.get(key) === found) keep(key, state, value);
              },
              () => undefined,
            );
          }
          return found.value as Value;
        }
        const other = making.get(wanted);
        if (other === undefined) break;
        const made = await other.then(
          (value) => ({ value }),
          () => undefined,
        );
        if (made !== undefined) return made.value as Value;
        // The other request was cut off: of those who waited for it the first makes the value, for all others.
      }
      const own = make(reading);
      making.set(wanted, own);
      try {
        const value = await own;
        keep(key, state, value);
        return value;
      } finally {
        making.delete(wanted);
      }
    },
  };
};

/** Remembers which city a geohash cell counts as: null where there is none. */
export interface Places {
  /** Undefined where that is not known yet. */
  get(cell: string): number | null | undefined;
  set(cell: string, placeId: number | null): void;
}

const placesLifeMs = 3_600_000;
const mostPlaces = 200_000;

/** Opens an empty memory; it is emptied every hour, because a migration can bring another gazetteer. */
export const openPlaces = (): Places => {
  const kept = new Map<string, number | null>();
  let until = performance.now() + placesLifeMs;
  return {
    get: (cell) => {
      if (performance.now() > until) {
        kept.clear();
        until = performance.now() + placesLifeMs;
      }
      return kept.get(cell);
    },
    set: (cell, placeId) => {
      if (kept.size >= mostPlaces) kept.clear();
      kept.set(cell, placeId);
    },
  };
};
