import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { readSettings } from '../../src/config.js';
import { weekly } from '../../src/serve/endpoints/weekly.js';
import type { CommonQuestion } from '../../src/serve/question.js';
import { openCache, openPlaces } from '../../src/serve/reading/context.js';
import { openStore, type Reading, type Store } from '../../src/serve/reading/store.js';
import { openUsers, type Users } from '../../src/serve/reading/users.js';
import { readViewer } from '../../src/serve/reading/viewer.js';
import { readServeSettings } from '../../src/serve/settings.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';
import { startTestServer } from './serve.js';

describe('what is remembered of users', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const ann = { user_id: userId(1), name: 'Ann' };

  test('is gone with the state that it belongs to, and after its life', () => {
    const users = openUsers();
    users.names('nobody opted out').set(1, ann);
    users.candidates('day 1').set(1, null);
    users.friendLists('day 1').set(1, Int32Array.of(2, 700_000));
    expect(users.names('nobody opted out').get(1)).toEqual(ann);
    expect(users.candidates('day 1').get(1)).toBeNull();
    expect(users.friendLists('day 1').get(1)).toEqual(Int32Array.of(2, 700_000));
    expect(users.names('somebody did').get(1)).toBeUndefined();
    expect(users.candidates('day 2').get(1)).toBeUndefined();
    expect(users.friendLists('day 2').get(1)).toBeUndefined();
    // Not back with the state either.
    expect(users.friendLists('day 1').get(1)).toBeUndefined();
    users.names('nobody opted out').set(1, ann);
    vi.advanceTimersByTime(59_000);
    expect(users.names('nobody opted out').get(1)).toEqual(ann);
    vi.advanceTimersByTime(2_000);
    expect(users.names('nobody opted out').get(1)).toBeUndefined();
  });

  test('is bounded, and a request that is at work keeps what it has', () => {
    const users = openUsers();
    const mine = users.names('');
    for (let key = 1; key <= 100_001; key += 1) mine.set(key, ann);
    expect(mine.get(1)).toEqual(ann);
    expect(users.names('').get(1)).toBeUndefined();
    // 64 MB of lists: the longest count for more.
    const lists = users.friendLists('day 1');
    const long = new Int32Array(2_000_000);
    for (let key = 1; key <= 7; key += 1) lists.set(key, long);
    expect(users.friendLists('day 1').get(1)).toBe(long);
    lists.set(8, long);
    expect(users.friendLists('day 1').get(1)).toBeUndefined();
  });

  test('of an older state disturbs nothing of a newer one', () => {
    const users = openUsers();
    const older = users.friendLists('day 1');
    const newer = users.friendLists('day 2');
    older.set(1, Int32Array.of(2, 700_000));
    older.isWarm = true;
    expect(newer.get(1)).toBeUndefined();
    expect(users.friendLists('day 2').isWarm).toBe(false);
  });
});

describe('a community', () => {
  const now = '2026-03-05T12:00:00Z';
  const everybody = Array.from({ length: 24 }, (_, index) => index + 1);
  let database: TestDatabase;

  /** A ring in which each knows the six nearest; 24 lives beside 1. */
  beforeAll(async () => {
    database = await createDatabase();
    await database.client.query('alter table public.users add column hidden boolean');
    await database.ok(['migrate'], { ARC_GAM_USERS_OPT_OUT: 'hidden' });
    await addUsers(database, ...everybody);
    await database.client.query("update public.users set home = 'Austin, TX' where id = any ($1)", [
      [1, 5, 24].map(userId),
    ]);
    for (const user of everybody) {
      for (const far of [1, 2, 3]) {
        await addTap(database, user, ((user + far - 1) % 24) + 1, `2026-02-${10 + far}T10:00Z`);
      }
    }
    await database.ok(['etl', '--date', '2026-03-03']);
  });
  afterAll(async () => {
    await database?.drop();
  });

  test('is answered alike by a server that remembers and one that does not, after every commit', async () => {
    const warm = await startTestServer(database.url, {}, now);
    const bodies = async (get: typeof warm.get) => {
      const answers = [];
      for (const user of everybody) {
        const { body } = await get(`/api/community/weekly?user_id=${userId(user)}&time_window=30d`);
        const { duration_ms: _, ...meta } = body.meta;
        answers.push({ ...body, meta });
      }
      return answers;
    };
    const cold = async () => {
      const server = await startTestServer(database.url, {}, now);
      try {
        return await bodies(server.get);
      } finally {
        await server.stop();
      }
    };
    try {
      const before = await bodies(warm.get);
      expect(before).toEqual(await cold());
      expect(await bodies(warm.get)).toEqual(before);
      // 1 meets 12, 5 moves, 9 is seen again.
      await addTap(database, 1, 12, '2026-03-04T10:00Z');
      await addTap(database, 9, 10, '2026-03-04T11:00Z');
      await database.client.query("update public.users set home = 'Reno, NV' where id = $1", [userId(5)]);
      await database.ok(['etl', '--date', '2026-03-04']);
      const after = await bodies(warm.get);
      expect(after).not.toEqual(before);
      expect(after).toEqual(await cold());
    } finally {
      await warm.stop();
    }
  });

  test('is not asked for again by the next viewer', async () => {
    const serve = readServeSettings({});
    const store: Store = openStore(readSettings({ databaseUrl: database.url }, {}), serve);
    const cache = openCache(store.read);
    const users: Users = openUsers();
    const asked = async (user: number): Promise<string[]> => {
      const names: string[] = [];
      await store.read(async (one) => {
        const reading: Reading = {
          query: (name, parameters) => {
            names.push(name);
            return one.query(name, parameters);
          },
        };
        const viewing = { fallbackZone: 'UTC', zone: undefined, now };
        const { watermark, viewer } = await readViewer(reading, userId(user), viewing);
        const context = {
          reading,
          watermark,
          viewer,
          serve,
          optOuts: '',
          cache,
          places: openPlaces(),
          users,
        };
        const rest = { describe: () => undefined };
        const question = weekly.question.parse({ user_id: userId(user) }) as CommonQuestion;
        await weekly.read({ ...context, ...rest }, question);
      });
      return names;
    };
    try {
      const first = await asked(2);
      expect(first).toEqual(expect.arrayContaining(['viewer', 'momentum', 'name', 'candidate', 'board']));
      for (const user of everybody) await asked(user);
      for (const user of everybody) expect(await asked(user)).toEqual(['viewer', 'momentum']);
    } finally {
      await store.close();
    }
  });

  test('a new name, and who opted out, are seen within a minute', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const clocked = await startTestServer(database.url, {}, now);
    const shown = async () =>
      JSON.stringify((await clocked.get(`/api/community/weekly?user_id=${userId(1)}`)).body.recommendations);
    const within = async (isSeen: (text: string) => boolean) => {
      for (let waited = 0; waited < 60_000 && !isSeen(await shown()); waited += 10_000) {
        vi.advanceTimersByTime(10_000);
        await sleep(50);
      }
      return isSeen(await shown());
    };
    try {
      const [best] = (await clocked.get(`/api/community/weekly?user_id=${userId(1)}`)).body.recommendations;
      await database.client.query("update public.users set name = 'Renamed' where id = $1", [best.user_id]);
      expect(await within((text) => text.includes('Renamed'))).toBe(true);
      await database.client.query('update public.users set hidden = true where id = $1', [best.user_id]);
      expect(await within((text) => !text.includes(best.user_id))).toBe(true);
    } finally {
      await clocked.stop();
      vi.useRealTimers();
    }
  });
});
