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
  /** Adds a sentence to meta.warnings. */
  warn(sentence: string): void;
}

/** Remembers what does not depend on the viewer. */
export interface Shared {
  /** The value of `key`, made by `make` if it is not known or older than half a minute. */
  of<Value>(key: string, make: () => Promise<Value>): Promise<Value>;
}

const lifeMs = 30_000;
const most = 1_000;

/** Opens an empty memory. A failed attempt is not remembered. */
export const openShared = (): Shared => {
  const kept = new Map<string, { value: unknown; until: number }>();
  return {
    of: async <Value>(key: string, make: () => Promise<Value>): Promise<Value> => {
      const found = kept.get(key);
      if (found !== undefined && found.until > performance.now()) return found.value as Value;
      // Whoever asks meanwhile makes it too: a promise of another request's transaction could be rolled back.
      const value = await make();
      if (kept.size >= most) kept.clear();
      kept.set(key, { value, until: performance.now() + lifeMs });
      return value;
    },
  };
};
