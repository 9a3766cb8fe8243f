import type { ServeSettings } from './settings.js';
import type { Reading, Store } from './store.js';
import type { Viewer, Watermark } from './viewer.js';

/** What an endpoint answers from. */
export interface Context {
  readonly reading: Reading;
  readonly watermark: Watermark;
  readonly viewer: Viewer;
  readonly serve: ServeSettings;
  /** Relations of the schema that exist. */
  readonly tables: ReadonlySet<string>;
  /** What everybody is shown alike, kept for a moment. */
  readonly shared: Shared;
  readonly places: Places;
  /** Adds a sentence to meta.warnings. */
  warn(sentence: string): void;
}

/** Remembers what does not depend on the viewer. */
export interface Shared {
  /**
   * The value of `key`, made by `make` from `reading` if it is not known or older than a minute. One older than half a
   * minute is made anew beside the request, in a reading of its own, and nobody waits for it.
   */
  of<Value>(key: string, reading: Reading, make: (reading: Reading) => Promise<Value>): Promise<Value>;
}

const freshMs = 30_000;
const lifeMs = 60_000;
const most = 1_000;

/** Opens an empty memory. `read` gives a reading of its own. A failed attempt is not remembered. */
export const openShared = (read: Store['read']): Shared => {
  const kept = new Map<string, { value: unknown; madeAt: number; isRenewed: boolean }>();
  const keep = (key: string, value: unknown): void => {
    if (kept.size >= most) kept.clear();
    kept.set(key, { value, madeAt: performance.now(), isRenewed: false });
  };
  return {
    of: async <Value>(key: string, reading: Reading, make: (reading: Reading) => Promise<Value>) => {
      const found = kept.get(key);
      const age = found === undefined ? Number.POSITIVE_INFINITY : performance.now() - found.madeAt;
      if (found !== undefined && age <= lifeMs) {
        if (age > freshMs && !found.isRenewed) {
          found.isRenewed = true;
          // What fails here is tried again, and reported, by the first request after the value's life.
          read(make).then(
            (value) => keep(key, value),
            () => undefined,
          );
        }
        return found.value as Value;
      }
      // Without one everybody makes it: a promise of another request's transaction could be rolled back.
      const value = await make(reading);
      keep(key, value);
      return value;
    },
  };
};

/** Remembers which place of the gazetteer a geohash cell counts as: null where there is none. */
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
