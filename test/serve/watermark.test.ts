import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';
import { startTestServer, type TestServer } from './serve.js';

const me = userId(1);
const pathOf = (endpoint: string, query = '') => `/api/community/${endpoint}?user_id=${me}${query}`;
/** Yesterday was derived at 20:00 of it for the last time. */
const derivedAt = '2026-03-08T20:00:00Z';
const now = '2026-03-09T00:10:00Z';

let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2, 3);
  await addTap(database, 1, 2, '2026-03-07T12:00Z');
  await addTap(database, 1, 2, '2026-03-08T19:00Z');
  await database.ok(['etl', '--date', '2026-03-08']);
  await database.client.query('update gamification.run set last_batch_at = $1', [derivedAt]);
  // The evening after it.
  await addTap(database, 1, 3, '2026-03-08T23:30Z');
  server = await startTestServer(database.url, {}, now);
});

afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

test('what came after the last batch of a day that was running is live on the radar, and is not said to be counted', async () => {
  const { body } = await server.get(pathOf('radar', '&hours=6'));
  expect(body.meta.watermark).toMatchObject({
    as_of_day: '2026-03-08',
    computed_at: '2026-03-08T20:00:00.000Z',
    known_until: '2026-03-08T20:00:00.000Z',
  });
  expect(body.buckets.map(({ activity_count }: { activity_count: number }) => activity_count)).toEqual([
    1, 0, 0, 0, 1, 0,
  ]);
  expect(body.top_current_window).toMatchObject([{ user_id: userId(3), count: 1 }]);
  // In a zone where the day ended after the last batch nobody's streak is broken by what no batch has seen.
  await database.client.query("delete from public.taps where time >= '2026-03-08'");
  await database.ok(['etl', '--date', '2026-03-08']);
  await database.client.query('update gamification.run set last_batch_at = $1', [derivedAt]);
  const { body: weekly } = await server.get(pathOf('weekly', '&tz=Europe/Paris'));
  expect(weekly.momentum.current_streak_days).toBe(1);
  await addTap(database, 1, 2, '2026-03-08T19:00Z');
  await addTap(database, 1, 3, '2026-03-08T23:30Z');
});

test('the last 60 minutes are 60 minutes, however short the window', async () => {
  const { body } = await server.get(pathOf('radar', '&hours=1'));
  expect(body.buckets).toHaveLength(1);
  expect(body.buckets[0].activity_count).toBe(0);
  expect(body.top_current_window).toMatchObject([{ user_id: userId(3), count: 1 }]);
});

test('every batch of any run changes the watermark, also of one that began before others', async () => {
  const addBatch = readFileSync(new URL('../../sql/ledger/batch.sql', import.meta.url), 'utf8');
  const { rows } = await database.client.query<{ run_id: number }>(
    'select run_id from gamification.run order by run_id',
  );
  const live = await startTestServer(database.url);
  try {
    const seen = [];
    for (const { run_id } of [...rows, ...rows]) {
      await database.client.query('set search_path = gamification');
      await database.client.query(addBatch, [run_id, '2026-03-08', 0, 0]);
      const { headers, body } = await live.get(pathOf('quests'));
      seen.push({ etag: headers.get('etag'), at: body.meta.watermark.computed_at });
    }
    expect(new Set(seen.map(({ etag }) => etag)).size).toBe(seen.length);
    expect(new Set(seen.map(({ at }) => at)).size).toBe(seen.length);
    expect(Math.abs(Date.parse(seen.at(-1)?.at) - Date.now())).toBeLessThan(60_000);
    // Also where its transaction began first, and waited.
    const clients = [1, 2].map(() => new pg.Client({ connectionString: database.url }));
    for (const client of clients) {
      await client.connect();
      await client.query('begin; set search_path = gamification');
    }
    const [one, other] = clients as [pg.Client, pg.Client];
    await other.query(addBatch, [rows[1]?.run_id, '2026-03-08', 0, 0]);
    await other.query('commit');
    const between = (await live.get(pathOf('quests'))).headers.get('etag');
    await one.query(addBatch, [rows[0]?.run_id, '2026-03-08', 0, 0]);
    await one.query('commit');
    expect((await live.get(pathOf('quests'))).headers.get('etag')).not.toBe(between);
    await Promise.all([one.end(), other.end()]);
  } finally {
    await live.stop();
    await database.client.query('reset search_path');
  }
});

test('a format that the database sets by default changes no answer', async () => {
  const name = new URL(database.url).pathname.slice(1);
  await database.client.query(`alter database ${name} set bytea_output = 'escape'`);
  const other = await startTestServer(database.url, {}, now);
  try {
    expect((await other.get(pathOf('weekly'))).status).toBe(200);
    const part = async (one: TestServer) => (await one.get(pathOf('weekly', '&time_window=30d'))).body.recap;
    expect(await part(other)).toEqual(await part(server));
  } finally {
    await other.stop();
    await database.client.query(`alter database ${name} reset bytea_output`);
  }
});

test("where the viewer's clock was set back over midnight, each tap counts on its own date", async () => {
  // St. John's went from 00:01 of the 7th back to 23:01 of the 6th.
  const old = await createDatabase();
  try {
    await addUsers(old, 1, 2);
    for (const time of ['2010-11-07T02:30:30Z', '2010-11-07T02:40:00Z', '2010-11-07T03:50:00Z'])
      await addTap(old, 1, 2, time);
    await old.ok(['etl', '--date', '2010-11-07']);
    const past = await startTestServer(old.url, {}, '2010-11-08T12:00:00Z');
    try {
      const { body } = await past.get(pathOf('weekly', '&tz=America/St_Johns'));
      expect(body.momentum.calendar.days).toEqual([
        { day: '2010-11-06', taps: 1 },
        { day: '2010-11-07', taps: 2 },
      ]);
      expect(body.momentum.longest_streak_days).toBe(2);
    } finally {
      await past.stop();
    }
  } finally {
    await old.drop();
  }
});

test('where midnight comes twice the day ends with the first, in the stored zone and in that of the viewer', async () => {
  // The Azores went from 01:00 of the 25th back to 00:00 of it, at 01:00Z.
  const weekly = async (zone: string) => {
    const own = await createDatabase();
    try {
      await addUsers(own, 1, 2, 3);
      await addTap(own, 1, 2, '2026-10-24T23:30:00Z', 37.74, -25.67);
      await addTap(own, 1, 2, '2026-10-25T00:15:00Z', 37.74, -25.67);
      await addTap(own, 1, 3, '2026-10-25T00:30:00Z', 38.65, -27.22);
      await own.ok(['etl', '--date', '2026-10-24'], { ARC_GAM_TZ: zone });
      const past = await startTestServer(own.url, {}, '2026-10-25T12:00:00Z');
      try {
        const { body } = await past.get(pathOf('weekly', '&tz=Atlantic/Azores'));
        return [
          body.meta.watermark.known_until,
          body.week.counted_until,
          body.recap.first_degree_new.map((row: { user_id: string; last_tap_at: string }) => [
            row.user_id,
            row.last_tap_at.slice(8, 16),
          ]),
          body.recap.geo_expansion.length,
          body.momentum.new_connections,
        ];
      } finally {
        await past.stop();
      }
    } finally {
      await own.drop();
    }
  };
  const first = '2026-10-25T00:00:00.000Z';
  const counted = [[[userId(2), '24T23:30']], 1, 1];
  expect(await weekly('Atlantic/Azores')).toEqual([first, first, ...counted]);
  // There the 24th ends four hours later.
  expect(await weekly('America/New_York')).toEqual(['2026-10-25T04:00:00.000Z', first, ...counted]);
});

test("the viewer's date is not the as-of day: their streak breaks when their own day is over, taps after L wait", async () => {
  const own = await createDatabase();
  try {
    await addUsers(own, 1, 2, 3, 4, 5, 6, 7);
    for (const [partner, ...times] of [
      [2, '08T13:00Z', '08T13:30Z', '08T14:00Z', '08T20:00Z'],
      [3, '08T13:00Z', '08T20:00Z'],
      [4, '07T10:00Z', '07T11:00Z', '08T20:00Z'],
      [5, '08T13:00Z', '08T14:30Z'],
    ] as const) {
      for (const time of times) await addTap(own, 1, partner, `2026-03-${time}`);
    }
    await addTap(own, 6, 7, '2026-03-06T20:00Z');
    await own.ok(['etl', '--date', '2026-03-08']);
    // In Tokyo the 8th ended at 15:00.
    const after = await startTestServer(own.url, {}, '2026-03-09T12:30:00Z');
    try {
      const { body } = await after.get(pathOf('weekly', '&tz=Asia/Tokyo'));
      expect(
        body.recap.first_degree_new
          .map((row: { user_id: string; last_tap_at: string }) => [row.user_id, row.last_tap_at.slice(8, 16)])
          .sort(),
      ).toEqual([
        [userId(2), '08T14:00'],
        [userId(3), '08T13:00'],
        [userId(4), '07T11:00'],
        [userId(5), '08T14:30'],
      ]);
    } finally {
      await after.stop();
    }
    // In Los Angeles it is the 7th still when the 8th has begun and is followed.
    const streakAt = async (moment: string) => {
      await own.client.query('update gamification.run set last_batch_at = $1', [moment]);
      const followed = await startTestServer(own.url, {}, moment);
      try {
        const path = `/api/community/weekly?user_id=${userId(6)}&tz=America/Los_Angeles`;
        return (await followed.get(path)).body.momentum.current_streak_days;
      } finally {
        await followed.stop();
      }
    };
    expect(await streakAt('2026-03-08T00:10:00Z')).toBe(1);
    expect(await streakAt('2026-03-08T08:10:00Z')).toBe(0);
  } finally {
    await own.drop();
  }
});

test('a late tap of the day before the last run is on the radar at once, unless that day is frozen', async () => {
  const own = await createDatabase();
  const tapsOfRadar = async () => {
    const fresh = await startTestServer(own.url, {}, now);
    try {
      const { body } = await fresh.get(pathOf('radar', '&hours=36'));
      return body.buckets.reduce(
        (sum: number, one: { activity_count: number }) => sum + one.activity_count,
        0,
      );
    } finally {
      await fresh.stop();
    }
  };
  const run = async (...args: string[]) => {
    await own.ok(args);
    await own.client.query('update gamification.run set last_batch_at = $1', [derivedAt]);
  };
  try {
    await addUsers(own, 1, 2, 3);
    await addTap(own, 1, 2, '2026-03-07T14:00Z');
    await addTap(own, 1, 2, '2026-03-08T10:00Z');
    await run('etl', '--date', '2026-03-08');
    await addTap(own, 1, 3, '2026-03-07T20:00Z');
    expect(await tapsOfRadar()).toBe(3);
    await run('etl', '--date', '2026-03-08');
    await run('freeze', '--before', '2026-03-08');
    await own.client.query("delete from public.taps where time < '2026-03-08'");
    await addTap(own, 1, 3, '2026-03-07T21:00Z');
    expect(await tapsOfRadar()).toBe(3);
  } finally {
    await own.drop();
  }
});
