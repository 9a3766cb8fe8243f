import { setTimeout as sleep } from 'node:timers/promises';
import { captureOn } from '../capture/capture.js';
import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { readPackageFile } from '../files.js';
import { follow } from '../pipeline/follow.js';
import type { Reporter } from '../report/reporter.js';
import { withClient } from './client.js';

/** A few taps a second, every tenth of them the viewer's, so that something happens on the page within a minute. */
const tapEveryMs = 350;
const viewersTurn = 10;

/** Makes up new taps and follows them until the signal. Throws what a follow throws. */
export const liveOn = async (
  database: Database,
  settings: Settings,
  url: string,
  viewer: string | null,
  { reporter, signal }: { reporter: Reporter; signal: AbortSignal },
): Promise<void> => {
  await captureOn(database, settings, { waitSeconds: 0, signal });
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const tapping = tapOn(url, viewer, either);
  // If one of the two fails, the other ends too.
  tapping.catch((error: unknown) => stop.abort(error));
  try {
    await follow(database, settings, { everyMs: 1_000, once: false, signal: either }, reporter);
  } finally {
    stop.abort();
    await tapping;
  }
};

const tapOn = (url: string, viewer: string | null, signal: AbortSignal): Promise<void> =>
  // It looks at the signal after each tap, and ends without an error.
  withClient(url, null, async (client) => {
    const text = readPackageFile('sql/demo/live_tap.sql');
    for (let tap = 1; !signal.aborted; tap += 1) {
      await client.query(text, [tap % viewersTurn === 0 ? viewer : null]);
      await sleep(tapEveryMs, undefined, { signal }).catch(() => undefined);
    }
  });
