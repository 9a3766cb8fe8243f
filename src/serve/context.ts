import type { ServeSettings } from './settings.js';
import type { Reading } from './store.js';
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
  /** The value of `key`, made by `make` if it is not known or older than half a minute. */
  of<Value>(key: string, make: () => Promise<Value>): Promise<Value>;
}

const lifeMs = 30_000;
const renewMs = 5_000;
const most = 1_000;

/** Opens an empty memory. A failed attempt is not remembered. */
export const openShared = (): Shared => {
  const kept = new Map<string, { value: unknown; until: number }>();
  return {
    of: async <Value>(key: string, make: () => Promise<Value>): Promise<Value> => {
      const found = kept.get(key);
      if (found !== undefined && found.until > performance.now()) return found.value as Value;
      // While one makes it anew the others are given the old one. Without an old one everybody makes it: a promise of
      // another request's transaction could be rolled back.
      if (found !== undefined) found.until = performance.now() + renewMs;
      const value = await make();
      if (kept.size >= most) kept.clear();
      kept.set(key, { value, until: performance.now() + lifeMs });
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
