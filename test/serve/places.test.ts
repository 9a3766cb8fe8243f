import { afterAll, beforeAll, expect, test } from 'vitest';
import { addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';
import { startTestServer, type TestServer } from './serve.js';

const now = '2026-03-05T12:30:00Z'; // a Thursday
const me = userId(1);
const austin = [30.2672, -97.7431] as const;
const reno = [39.5296, -119.8138] as const;
/** In the cell next to Austin's centre: the same city. */
const austinToo = [30.31, -97.7431] as const;

let database: TestDatabase;
let server: TestServer;

const get = async (endpoint: string, query = '', user = me) => {
  const { status, body } = await server.get(`/api/community/${endpoint}?user_id=${user}${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
};

const addTapAt = (
  one: number,
  other: number,
  time: string,
  [latitude, longitude]: readonly [number | null, number | null] = [null, null],
) =>
  database.client.query(
    'insert into public.taps (id1, id2, time, latitude, longitude) values ($1, $2, $3, $4, $5)',
    [userId(one), userId(other), time, latitude, longitude],
  );

const addSurge = (window: string, geohash5: string, start: string, end: string, users: number) =>
  database.client.query(
    `insert into surge_windows
       (window_id, area_name, geohash5, start_time, end_time, surge_multiplier, expected_taps, tap_count, unique_users)
     values ($1, 'Area of ' || $1, $2, $3, $4, 3.5, 2, 20, $5)`,
    [window, geohash5, start, end, users],
  );

/** 1, 2, 3 and 5 live in Austin, 4 in Reno; 5 has opted out. */
beforeAll(async () => {
  database = await createDatabase();
  await database.client.query('alter table public.users add column hidden boolean');
  await database.ok(['migrate'], { ARC_GAM_USERS_OPT_OUT: 'hidden' });
  await addUsers(database, 1, 2, 3, 4, 5, 6);
  for (const [home, ...users] of [
    ['Austin, TX', 1, 2, 3, 5],
    ['Reno, NV', 4],
  ] as const) {
    await database.client.query('update public.users set home = $1 where id = any ($2)', [
      home,
      users.map(userId),
    ]);
  }
  await database.client.query('update public.users set hidden = true where id = $1', [userId(5)]);
  // Reno is old to me; Austin is new this week, in two cells, with two taps at one moment.
  await addTapAt(1, 4, '2026-01-05T10:00Z', reno);
  await addTapAt(1, 4, '2026-03-02T10:00Z', reno);
  await addTapAt(1, 2, '2026-03-03T10:00Z', austin);
  await addTapAt(1, 2, '2026-03-03T10:00Z', austin);
  await addTapAt(1, 2, '2026-03-03T11:00Z', austinToo);
  await addTapAt(2, 1, '2026-03-03T12:00Z');
  await addTapAt(1, 2, '2026-03-03T13:00Z', [0, 0]);
  await addTapAt(1, 3, '2026-03-04T09:00Z', austin);
  await addTapAt(2, 3, '2026-03-04T10:00Z', austin);
  await addTapAt(2, 5, '2026-03-04T10:00Z', austin);
  await addTapAt(2, 4, '2026-03-04T10:30Z', reno);
  await addTapAt(5, 3, '2026-03-04T11:00Z', austin);
  await addTapAt(5, 4, '2026-03-04T11:00Z', austin);
  await database.ok(['etl', '--date', '2026-03-04']);
  await addTapAt(3, 1, '2026-03-05T12:10Z', austin);
  await addTapAt(4, 1, '2026-03-05T12:20Z', reno);
  await addTapAt(3, 1, '2026-03-05T12:25Z');
  const { rows } = await database.client.query<{ austin: string; reno: string }>(
    'select geohash5($1, $2) as austin, geohash5($3, $4) as reno',
    [...austin, ...reno],
  );
  const cells = rows[0] ?? { austin: '', reno: '' };
  await addSurge('near', cells.austin, '2026-03-05T09:00Z', '2026-03-05T11:00Z', 13);
  await addSurge('tapped-there', cells.reno, '2026-03-05T10:00Z', '2026-03-05T11:00Z', 9);
  await addSurge('too-old', cells.austin, '2026-03-03T09:00Z', '2026-03-03T10:00Z', 8);
  await addSurge('far', 'gcpvj', '2026-03-05T09:00Z', '2026-03-05T10:00Z', 50);
  server = await startTestServer(database.url, {}, now);
});

afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

test('geo_expansion is the cities tapped in for the first time within the window, with their taps', async () => {
  const week = await get('weekly');
  expect(week.recap.geo_expansion).toEqual([{ city: 'Austin', new_taps: 4 }]);
  const quarter = await get('weekly', '&time_window=180d');
  expect(quarter.recap.geo_expansion).toEqual([
    { city: 'Austin', new_taps: 4 },
    { city: 'Reno', new_taps: 2 },
  ]);
  // In Honolulu the first tap in Austin is still on the 3rd; in a window of one day nothing is new.
  expect((await get('weekly', '&tz=Pacific/Honolulu')).recap.geo_expansion).toEqual([
    { city: 'Austin', new_taps: 4 },
  ]);
  expect((await get('weekly', '&time_window=1d')).recap.geo_expansion).toEqual([]);
  expect((await get('weekly', '', userId(6))).recap.geo_expansion).toEqual([]);
});

test('city boards rank the users of the home city among themselves', async () => {
  const { leaderboard } = await get('weekly');
  expect(leaderboard.city.name).toBe('Austin');
  // Of the week, by SPEC 7: new first degrees of 1, 2, 3, 5 are 2, 4, 3, 3. 5 is not shown, but counts.
  expect(
    leaderboard.city.new_connections.map((row: Record<string, unknown>) => [
      row.user_id,
      row.new_first_degree,
      row.rank,
    ]),
  ).toEqual([
    [userId(2), 4, 1],
    [userId(3), 3, 2],
    [userId(1), 2, 4],
  ]);
  expect(leaderboard.city.me.new_connections).toMatchObject({ user_id: me, rank: 4, new_first_degree: 2 });
  // Everywhere 4, of Reno, is between them: other ranks.
  expect(leaderboard.new_connections.map((row: Record<string, unknown>) => [row.user_id, row.rank])).toEqual([
    [userId(2), 1],
    [userId(3), 2],
    [userId(1), 4],
    [userId(4), 4],
  ]);
  const renoBoards = (await get('weekly', '', userId(4))).leaderboard.city;
  expect(renoBoards.name).toBe('Reno');
  expect(renoBoards.new_connections).toMatchObject([{ user_id: userId(4), rank: 1 }]);
  expect((await get('weekly', '', userId(6))).leaderboard.city).toBeNull();
});

test('a recommendation says how near the home city is', async () => {
  // 3 and 4 know 2, 5 and 1: 3 and 4 have not met.
  const { recommendations } = await get('weekly', '', userId(3));
  expect(recommendations).toMatchObject([
    { user_id: userId(4), scores: { geo: 0 }, mutuals: ['User 1', 'User 2'] },
  ]);
  expect(recommendations[0].scores.mutuals).toBeCloseTo(1 - Math.exp(-3 / 8), 12);
  const own = await get('weekly');
  expect(own.recommendations).toEqual([]); // 5, over 2, 3 and 4, has opted out
});

test('how near is said in quarters of the distance beyond which it counts nothing', async () => {
  // From Austin to Reno, along a great circle of 6,371 km.
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const [from, to] = [austin, reno].map(([latitude, longitude]) => [
    radians(latitude),
    radians(longitude),
  ]) as [[number, number], [number, number]];
  const distance =
    6_371 *
    Math.acos(
      Math.sin(from[0]) * Math.sin(to[0]) + Math.cos(from[0]) * Math.cos(to[0]) * Math.cos(from[1] - to[1]),
    );
  for (const [share, geo] of [
    [0.3, 0.5],
    [0.7, 0.25],
    [0.8, 0],
  ] as const) {
    const wide = await startTestServer(database.url, { REC_GEO_MAX_KM: String(distance / share) }, now);
    try {
      const { body } = await wide.get(`/api/community/weekly?user_id=${userId(3)}`);
      expect(body.recommendations).toMatchObject([{ user_id: userId(4), scores: { geo } }]);
    } finally {
      await wide.stop();
    }
  }
});

test('surges of the last hours near home or the last taps, users rounded down to 5', async () => {
  const { surges } = await get('radar');
  expect(surges).toEqual([
    {
      area_name: 'Area of near',
      start_time: '2026-03-05T09:00:00.000Z',
      end_time: '2026-03-05T11:00:00.000Z',
      surge_multiplier: 3.5,
      unique_users: 10,
    },
  ]);
  const names = async (query: string, user = me) =>
    (await get('radar', query, user)).surges.map(({ area_name }: { area_name: string }) => area_name);
  expect(await names('&hours=72')).toEqual(['Area of near', 'Area of too-old']);
  expect(await names('&hours=2')).toEqual(['Area of near']);
  expect(await names('&hours=1')).toEqual([]);
  // 4 lives in Reno and tapped last in both places.
  expect(await names('', userId(4))).toEqual(['Area of tapped-there', 'Area of near']);
  // Nowhere known, no tap: nothing is near.
  expect(await names('', userId(6))).toEqual([]);
});

test('with a city the radar keeps to it, stored and live; without coordinates a tap is nowhere', async () => {
  const summary = async (query: string) => {
    const { buckets, top_current_window, meta, surges } = await get('radar', `&hours=72${query}`);
    return {
      hours: buckets
        .filter(({ activity_count }: { activity_count: number }) => activity_count > 0)
        .map((row: { ts: string; activity_count: number }) => [row.ts.slice(5, 13), row.activity_count]),
      top: top_current_window.map((row: { user_id: string; count: number }) => [row.user_id, row.count]),
      city: meta.city_filter,
      surges: surges.length,
    };
  };
  expect(await summary('&city=Austin')).toEqual({
    hours: [
      ['03-03T10', 2],
      ['03-03T11', 1],
      ['03-04T09', 1],
      ['03-05T12', 1],
    ],
    top: [[userId(3), 1]],
    city: 'Austin, TX, US',
    surges: 2,
  });
  expect(await summary('&city=reno')).toEqual({
    hours: [['03-05T12', 1]],
    top: [[userId(4), 1]],
    city: 'Reno, NV, US',
    surges: 2,
  });
  expect(await summary('')).toEqual({
    hours: [
      ['03-03T10', 2],
      ['03-03T11', 1],
      ['03-03T12', 1],
      ['03-03T13', 1],
      ['03-04T09', 1],
      ['03-05T12', 3],
    ],
    top: [
      [userId(3), 2],
      [userId(4), 1],
    ],
    city: null,
    surges: 2,
  });
});

test('a section of a city counts as its city, and a cell is called alike everywhere', async () => {
  const [{ cell, city, name } = {}] = await database.rows(
    `select cell, place.name as city, geohash5_name(cell) as name
     from geohash5(40.76496, -73.9909) as cell
     join gazetteer_place as place on place.place_id = geohash5_place(cell)`,
  );
  expect([cell, city, name]).toEqual(['dr5ru', 'New York City', 'New York City, NY']);
  const [{ sections } = {}] = await database.rows(
    'select count(*) as sections from gazetteer_place where city_id is not null',
  );
  expect(Number(sections)).toBeGreaterThan(4_000);
  // No city is a section of another one, and a section is no city of another one.
  expect(
    await database.rows(
      `select section.name from gazetteer_place as section
       join gazetteer_place as city on city.place_id = section.city_id
       where city.city_id is not null or city.place_id = section.place_id`,
    ),
  ).toEqual([]);
});

test('a cell is called after the nearest place also where degrees of longitude are short, or begin anew', async () => {
  // Rolfs and Korsnäs are nearer in degrees, and farther away.
  const names = () =>
    database.rows<{ cell: string; name: string }>(
      `select cell, geohash5_name(cell) as name
       from unnest(array['ue8hh', 'u7nzg', 'usdgf', geohash5(-16.85, 179.97)]) with ordinality as asked (cell, number)
       order by number`,
    );
  expect((await names()).map(({ name }) => name)).toEqual([
    'Luleå, SE',
    'Replot, FI',
    'Honningsvåg, NO',
    'rvpbp',
  ]);
  await database.client.query(`
    begin;
    insert into gazetteer_place (place_id, name, country, population, latitude, longitude, geohash5)
    values (-1, 'Beyond', 'FJ', 1, -16.8, -179.9, geohash5(-16.8, -179.9))`);
  expect((await names()).at(-1)?.name).toBe('Beyond, FJ');
  await database.client.query('rollback');
});

test('a home is near in steps, so that nobody can work out where it is', async () => {
  // Round Rock is 28 km from Austin, Lockhart 45: of 50 km that is 0.44 and 0.1.
  await addUsers(database, 20, 21);
  await database.client.query("update public.users set home = 'Round Rock, TX' where id = $1", [userId(20)]);
  await database.client.query("update public.users set home = 'Lockhart, TX' where id = $1", [userId(21)]);
  for (const user of [20, 21]) {
    for (const friend of [2, 3]) await addTapAt(user, friend, '2026-03-04T15:00Z');
  }
  await database.ok(['etl', '--date', '2026-03-04']);
  const { recommendations } = await get('weekly');
  const found = new Map(
    recommendations.map((one: Record<string, never>) => [one.user_id, [one.scores, one.explain]]),
  );
  const [near, far] = [found.get(userId(20)), found.get(userId(21))] as { 0: never; 1: string }[];
  const scores = { mutuals: 1 - Math.exp(-2 / 8), recency: 1 };
  const total = 0.7 * scores.mutuals + 0.2;
  expect(near?.[0]).toMatchObject({ geo: 0.25, total: expect.closeTo(total + 0.025, 6) });
  expect(near?.[1]).toContain('home city nearby');
  expect(far?.[0]).toMatchObject({ geo: 0, total: expect.closeTo(total, 6) });
  expect(far?.[1]).not.toContain('home city');
});

test('a city can be told from its namesakes, and is called as it was taken', async () => {
  const taken = async (city: string) =>
    (await get('radar', `&city=${encodeURIComponent(city)}`)).meta.city_filter;
  expect(await taken('Portland')).toBe('Portland, OR, US');
  expect(await taken('portland, me')).toBe('Portland, ME, US');
  expect(await taken('Portland, Maine, United States')).toBe('Portland, ME, US');
  expect(await taken('Paris, FR')).toBe('Paris, FR');
  expect(await taken('Paris, TX, US')).toBe('Paris, TX, US');
  // However the gazetteer calls a state, a region or a country; ES is Spain before it is Espírito Santo.
  for (const [city, place] of [
    ['London, UK', 'London, GB'],
    ['London, England', 'London, GB'],
    ['Birmingham, England, GB', 'Birmingham, GB'],
    ['New York, USA', 'New York City, NY, US'],
    ['Cambridge, MA, USA', 'Cambridge, MA, US'],
    ['Berlin, Deutschland', 'Berlin, DE'],
    ['Москва, Россия', 'Moscow, RU'],
    ['東京, 日本', 'Tokyo, JP'],
    ['Toledo, ES', 'Toledo, ES'],
  ] as const) {
    expect(await taken(city)).toBe(place);
  }
  for (const city of ['Paris, TX, France', 'Austin, England', 'Los Angeles, CA, CA']) {
    const { status } = await server.get(
      `/api/community/radar?user_id=${me}&city=${encodeURIComponent(city)}`,
    );
    expect([city, status]).toEqual([city, 400]);
  }
  const { leaderboard } = await get('weekly');
  expect(await taken(leaderboard.city.query)).toBe('Austin, TX, US');
  // A name that holds a comma itself.
  expect(await taken('Washington, D.C., DC, US')).toBe('Washington, D.C., DC, US');
});

test('frozen days have their cities still, before and after their taps were archived', async () => {
  const zones = ['UTC', 'Pacific/Honolulu', 'Pacific/Kiritimati'];
  const asked = ['&time_window=30d', ...zones.map((zone) => `&time_window=180d&tz=${zone}`)];
  const ask = () => Promise.all(asked.map(async (more) => (await get('weekly', more)).recap.geo_expansion));
  // In Kiritimati the first is of the day after the as-of day; the other is not mine.
  await addTapAt(1, 3, '2026-03-04T12:00Z', austin);
  await addTapAt(2, 3, '2026-03-03T10:30Z', austin);
  await database.ok(['etl', '--date', '2026-03-04']);
  const before = await ask();
  const inAustin = (new_taps: number) => ({ city: 'Austin', new_taps });
  expect(before.map(([most]) => most)).toEqual([inAustin(5), inAustin(5), inAustin(5), inAustin(4)]);
  await database.ok(['freeze', '--before', '2026-03-05']);
  expect(await ask()).toEqual(before);
  await database.client.query("delete from public.taps where time < '2026-03-05'");
  expect(await ask()).toEqual(before);
});
