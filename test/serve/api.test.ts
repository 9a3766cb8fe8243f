import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { endpoints as described } from '../../src/serve/endpoints/index.js';
import { indexPage } from '../../src/serve/index-page.js';
import { ruleOf } from '../../src/why/rule.js';
import { startCli } from '../command/cli.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';
import { startTestServer, type TestServer } from './serve.js';

const endpoints = described.map(({ name }) => name);
const answerOf = (name: string) =>
  z.strictObject(described.find((endpoint) => endpoint.name === name)?.answer.shape ?? {});
const now = '2026-03-05T12:30:00Z'; // a Thursday
const me = userId(1);
const pathOf = (endpoint: string, query = '', user = me) =>
  `/api/community/${endpoint}?user_id=${user}${query}`;

let database: TestDatabase;
let server: TestServer;

/** 1 is friends with 2 and 3, who both know 4; 5 has opted out; 6 never tapped. */
beforeAll(async () => {
  database = await createDatabase();
  await database.client.query('alter table public.users add column hidden boolean');
  await database.ok(['migrate'], { ARC_GAM_USERS_OPT_OUT: 'hidden' });
  await addUsers(database, 1, 2, 3, 4, 5, 6);
  await database.client.query('update public.users set hidden = true where id = $1', [userId(5)]);
  await database.client.query("update public.users set name = '<b>Bo</b>' where id = $1", [userId(2)]);
  for (const day of ['2026-01-01', '2026-01-03', '2026-01-05']) await addTap(database, 1, 3, `${day}T10:00Z`);
  await addTap(database, 2, 4, '2026-01-10T10:00Z');
  await addTap(database, 3, 4, '2026-03-03T10:00Z');
  // 23:30 in UTC is the next day in Tokyo; three taps of a pair on one day, two at the same moment.
  await addTap(database, 1, 2, '2026-03-01T23:30Z');
  await addTap(database, 2, 1, '2026-03-03T09:00Z');
  await addTap(database, 1, 2, '2026-03-03T09:00Z');
  await addTap(database, 1, 2, '2026-03-03T18:00Z');
  await addTap(database, 1, 5, '2026-03-04T22:00Z');
  await database.ok(['etl', '--date', '2026-03-04']);
  // Not processed yet: the radar is live.
  await addTap(database, 2, 1, '2026-03-05T12:10Z');
  server = await startTestServer(database.url, {}, now);
});

afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

test('every endpoint answers in the shape of its schema, from the database', async () => {
  for (const endpoint of endpoints) {
    const { status, body, headers } = await server.get(pathOf(endpoint));
    expect(status, JSON.stringify(body)).toBe(200);
    expect(answerOf(endpoint).safeParse(body).error, endpoint).toBeUndefined();
    expect(body.source).toBe('database');
    expect(headers.get('cache-control')).toBe('private, max-age=60');
    expect(body.meta).toMatchObject({ user_id: me, tz_used: 'UTC', watermark: { as_of_day: '2026-03-04' } });
    expect(body.meta.debug).toBeUndefined();
  }
});

test('weekly says what is stored, and today belongs to the window', async () => {
  const { body } = await server.get(pathOf('weekly'));
  expect(body.week).toEqual({
    year: 2026,
    iso_week: 10,
    range: ['2026-02-27', '2026-03-05'],
    time_window: '7d',
    counted_until: '2026-03-05T00:00:00.000Z',
  });
  expect(body.momentum).toEqual({
    current_streak_days: 2,
    longest_streak_days: 2,
    weekly_taps: 4,
    new_connections: 1,
    weekly_goal: { progress: 4, target_taps: 25 },
    calendar: {
      start: '2025-02-27',
      end: '2026-03-04',
      days: [
        { day: '2026-01-01', taps: 1 },
        { day: '2026-01-03', taps: 1 },
        { day: '2026-01-05', taps: 1 },
        { day: '2026-03-01', taps: 1 },
        { day: '2026-03-03', taps: 3 },
        { day: '2026-03-04', taps: 1 },
      ],
    },
  });
  expect(body.recap.first_degree_new).toEqual([
    { user_id: userId(2), name: '<b>Bo</b>', last_tap_at: '2026-03-03T18:00:00.000Z' },
  ]);
  expect(body.recap.second_degree_new).toEqual([
    { user_id: userId(4), name: 'User 4', connected_via: '<b>Bo</b>' },
  ]);
  expect(body.recap.community_activity.map((row: { taps: number }) => row.taps)).toEqual([
    0, 0, 1, 0, 4, 1, 0,
  ]);
  const stored = await database.rows(
    'select user_id, new_first_degree from weekly_leaderboard where (year, iso_week) = (2026, 10) and connectors_rank is not null and user_id <> $1 order by new_first_degree desc, user_id',
    [userId(5)],
  );
  expect(
    body.leaderboard.new_connections.map((row: { user_id: string; new_first_degree: number }) => [
      row.user_id,
      String(row.new_first_degree),
    ]),
  ).toEqual(stored.map((row) => [row.user_id, row.new_first_degree]));
  expect(body.leaderboard.me.streak_masters).toMatchObject({ user_id: me, streak_days: 2, rank: 1 });
  const [best] = body.recommendations;
  expect(best).toMatchObject({ user_id: userId(4), mutuals: ['User 3', '<b>Bo</b>'] });
  expect(best.scores.total).toBeCloseTo(0.7 * (1 - Math.exp(-2 / 8)) + 0.2 * Math.exp(-1 / 30), 5);
});

test("the viewer's zone moves their own days, not the boards", async () => {
  // In Tokyo the taps are on 2 March 08:30, 3 March 18:00 (twice), 4 March 03:00 and 5 March 07:00: what is dated after
  // the as-of day, 4 March, waits.
  const { body } = await server.get(pathOf('weekly', '&tz=Asia/Tokyo'));
  expect(body.meta.tz_used).toBe('Asia/Tokyo');
  expect(body.momentum).toMatchObject({
    current_streak_days: 3,
    longest_streak_days: 3,
    weekly_taps: 4,
    new_connections: 1,
  });
  const stored = await server.get(pathOf('weekly'));
  expect(body.leaderboard).toEqual(stored.body.leaderboard);
  const west = await server.get(pathOf('weekly', '&tz=America/Los_Angeles'));
  expect(west.body.momentum).toMatchObject({ current_streak_days: 2, weekly_taps: 4 });
});

test('the radar has a row per hour, live to the minute, and keeps quiet about who opted out', async () => {
  const { body } = await server.get(pathOf('radar', '&hours=168'));
  expect(body.buckets).toHaveLength(168);
  expect(body.buckets.at(-1)).toEqual({
    ts: '2026-03-05T12:00:00.000Z',
    activity_count: 1,
    unique_people: 1,
    participants: [{ user_id: userId(2), name: '<b>Bo</b>', count: 1 }],
  });
  expect(body.top_current_window).toEqual([{ user_id: userId(2), name: '<b>Bo</b>', count: 1 }]);
  const active = body.buckets.filter((bucket: { activity_count: number }) => bucket.activity_count > 0);
  expect(
    active.map((bucket: { ts: string; activity_count: number }) => [bucket.ts, bucket.activity_count]),
  ).toEqual([
    ['2026-03-01T23:00:00.000Z', 1],
    ['2026-03-03T09:00:00.000Z', 2],
    ['2026-03-03T18:00:00.000Z', 1],
    ['2026-03-04T22:00:00.000Z', 1],
    ['2026-03-05T12:00:00.000Z', 1],
  ]);
  expect(JSON.stringify(body)).not.toContain(userId(5));
  const half = await server.get(pathOf('radar', '&hours=2&tz=Asia/Kolkata'));
  expect(half.body.buckets.map((bucket: { ts: string }) => bucket.ts)).toEqual([
    '2026-03-05T11:30:00.000Z',
    '2026-03-05T12:30:00.000Z',
  ]);
});

test('health is that of the stored ties; a tie that went quiet fades', async () => {
  const { body } = await server.get(pathOf('health'));
  const stored = await database.rows<{ strength: string; ties: string }>(
    'select avg(least(1, strength_f32 / 1.983::float8)) as strength, count(*) as ties from edge_strength where $1 in (u1, u2)',
    [me],
  );
  expect(body.summary.avg_strength).toBeCloseTo(Number(stored[0]?.strength), 6);
  const { excellent, good, fair, needs_attention } = body.summary;
  expect(excellent + good + fair + needs_attention).toBe(Number(stored[0]?.ties));
  expect(body.connections[0]).toMatchObject({
    other_user_id: userId(2),
    taps_7d: 4,
    taps_30d: 4,
    taps_90d: 4,
    days_since_last_tap: 1,
  });
  expect(body.fading).toEqual([
    {
      other_user_id: userId(3),
      name: 'User 3',
      usual_gap_days: 2,
      days_since_last_tap: 58,
      last_tap_day: '2026-01-05',
    },
  ]);
  expect(JSON.stringify(body)).not.toContain(userId(5));
});

describe('what is asked', () => {
  test.each([
    ['/api/community/weekly', 400, 'user_id is required'],
    ['/api/community/weekly?user_id=', 400, 'user_id is required'],
    ['/api/community/weekly?user_id=1', 400, 'user_id is not a uuid.'],
    [
      `/api/community/weekly?user_id=${me}&user_id=${me}`,
      400,
      'user_id is given more than once. Give it once.',
    ],
    [pathOf('weekly', '&tz=Mars/Base'), 400, "tz is not an IANA time zone such as 'America/New_York'."],
    [pathOf('weekly', '&tz=UTC%2B3'), 400, "tz is not an IANA time zone such as 'America/New_York'."],
    [pathOf('weekly', '&tz=CET'), 400, "tz is not an IANA time zone such as 'America/New_York'."],
    [pathOf('radar', '&hours=0'), 400, 'hours is not a whole number from 1 to 168.'],
    [pathOf('radar', '&hours=169'), 400, 'hours is not a whole number from 1 to 168.'],
    [pathOf('radar', '&hours=1.5'), 400, 'hours is not a whole number from 1 to 168.'],
    [pathOf('radar', '&city=Nowhereville%20Zzyzx'), 400, 'city is not a place of the gazetteer.'],
    [pathOf('radar', '&city=%00'), 400, 'city holds a control character.'],
    [pathOf('quests', '&debug=yes'), 400, 'debug is neither 0 nor 1.'],
    [pathOf('weekly', '', userId(99)), 404, 'There is no user with this user_id.'],
    ['/api/community/nothing', 404, 'There is nothing at this address.'],
  ])('%s is %i: %s', async (path, status, error) => {
    const reply = await server.get(path);
    expect(reply).toMatchObject({ status, body: { error } });
  });

  test('an unknown window is refused with the known ones', async () => {
    const { status, body } = await server.get(pathOf('weekly', '&time_window=2w'));
    expect(status).toBe(400);
    expect(body.error).toContain('1month');
  });

  test('only GET', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await fetch(server.url + pathOf('weekly'), { method });
      expect(response.status, method).toBe(405);
      expect(await response.json()).toEqual({ error: 'Method not allowed', code: 'method_not_allowed' });
      expect(response.headers.get('allow')).toBe('GET');
    }
  });

  test('SQL in any parameter stays a value', async () => {
    const attacks = [
      "' or 1=1--",
      "'; drop table pair;--",
      '$1',
      '\\',
      "1') union select user_id from user_key--",
    ];
    for (const endpoint of endpoints) {
      for (const parameter of ['user_id', 'tz', 'debug', 'demo', 'time_window', 'hours', 'city', 'other']) {
        for (const attack of attacks) {
          const query = new URLSearchParams({ user_id: me, [parameter]: attack });
          const { status } = await server.get(`/api/community/${endpoint}?${query}`);
          expect([200, 400], `${endpoint} ${query}`).toContain(status);
        }
      }
    }
    expect(await database.rows('select from pair')).toHaveLength(5);
  });

  test('a query string of a megabyte is refused and does no harm', async () => {
    const response = await fetch(`${server.url}${pathOf('weekly')}&x=${'a'.repeat(1_000_000)}`).catch(
      () => null,
    );
    if (response !== null) expect(response.status).toBe(431);
    expect((await server.get(pathOf('weekly'))).status).toBe(200);
  });

  test('a user who never tapped gets an empty page, not an error', async () => {
    for (const endpoint of ['weekly', 'radar', 'health']) {
      expect((await server.get(pathOf(endpoint, '&tz=Asia/Tokyo', userId(6)))).status, endpoint).toBe(200);
    }
  });
});

test('the ETag answers 304 until a batch is committed', async () => {
  const first = await server.get(pathOf('health'));
  const etag = first.headers.get('etag') ?? '';
  const again = await server.get(pathOf('health'), { 'if-none-match': etag });
  expect([again.status, again.body, again.headers.get('etag')]).toEqual([304, null, etag]);
  expect((await server.get(pathOf('health', '', userId(2)), { 'if-none-match': etag })).status).toBe(200);
  await addTap(database, 4, 6, '2026-01-02T10:00Z');
  await database.ok(['etl', '--date', '2026-03-04']);
  expect((await server.get(pathOf('health'), { 'if-none-match': etag })).status).toBe(200);
});

test('debug tells the boundaries and each query, and is not kept', async () => {
  const { body, headers } = await server.get(pathOf('health', '&debug=1'));
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('etag')).toBeNull();
  expect(body.meta.debug.boundaries).toMatchObject({ zone: 'UTC', week_start: '2026-03-02' });
  expect(body.meta.debug.queries.map(({ query }: { query: string }) => query)).toContain('health');
});

test('demo=1 is made up, says so, and looks the same', async () => {
  for (const endpoint of endpoints) {
    const { body, headers } = await server.get(pathOf(endpoint, '&demo=1'));
    expect(answerOf(endpoint).safeParse(body).error, endpoint).toBeUndefined();
    expect(body.source).toBe('mock');
    expect(body.meta.warnings[0]).toContain('made-up');
    expect([headers.get('x-data-source'), headers.get('cache-control')]).toEqual(['mock', 'no-store']);
  }
  const { body } = await server.get(pathOf('radar', '&demo=1&city=Patan&tz=Asia/Kathmandu&hours=2'));
  expect(body.meta.city_filter).toBe('Patan');
  expect(body.buckets.map(({ ts }: { ts: string }) => ts)).toEqual([
    '2026-03-05T11:15:00.000Z',
    '2026-03-05T12:15:00.000Z',
  ]);
  expect((await server.get(pathOf('radar', '&demo=1'))).body.meta.city_filter).toBeNull();
});

test('a schema without tables is mocked, or a 503 where that is switched off; no database is always a 503', async () => {
  const empty = await createDatabase({ empty: true });
  const mocking = await startTestServer(empty.url);
  const strict = await startTestServer(empty.url, { ARC_GAM_MOCK: 'off' });
  const lost = await startTestServer('postgres://nobody@127.0.0.1:1/nothing');
  try {
    for (const endpoint of endpoints) {
      const mock = await mocking.get(pathOf(endpoint));
      expect([mock.status, mock.body.source, mock.headers.get('x-data-source')]).toEqual([
        200,
        'mock',
        'mock',
      ]);
      expect(mock.body.meta.warnings[0]).toContain('arc-gam migrate');
      expect(mock.body.meta.warnings[0].match(/home_place/g)).toHaveLength(1);
      expect((await strict.get(pathOf(endpoint))).status).toBe(503);
      const down = await lost.get(pathOf(endpoint));
      expect(down).toMatchObject({
        status: 503,
        body: { error: "The database can't be reached. Try again later." },
      });
      expect(down.headers.get('retry-after')).toBe('5');
    }
    expect((await lost.get('/healthz')).status).toBe(200);
    expect((await lost.get('/readyz')).status).toBe(503);
    expect((await mocking.get('/readyz')).status).toBe(503);
    // Connected once, and then let in no longer: a password that changed, a database that is being replaced.
    const name = new URL(empty.url).pathname.slice(1);
    await empty.client.end();
    await database.client.query(`alter database ${name} allow_connections false`);
    await database.client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
      name,
    ]);
    for (const endpoint of endpoints) expect((await mocking.get(pathOf(endpoint))).status).toBe(503);
    await database.client.query(`drop database ${name}`);
    for (const path of [...endpoints.map((endpoint) => pathOf(endpoint)), '/readyz'])
      expect(await mocking.get(path)).toMatchObject({ status: 503, body: { code: 'unreachable' } });
  } finally {
    await Promise.all([mocking.stop(), strict.stop(), lost.stop()]);
    await empty.drop();
  }
});

test('too many at once: a quick 503 that says when to come back, and the rest is answered', async () => {
  const small = await startTestServer(
    database.url,
    { ARC_GAM_API_POOL: '1', ARC_GAM_API_QUEUE: '2', ARC_GAM_API_QUEUE_TIMEOUT_MS: '20000' },
    now,
  );
  try {
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        small.get(pathOf('weekly', '&debug=1', userId(1 + (index % 4)))),
      ),
    );
    const refused = replies.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect(replies.filter(({ status }) => status === 200).length).toBe(12 - refused.length);
    expect((await small.get(pathOf('weekly'))).status).toBe(200);
  } finally {
    await small.stop();
  }
});

test('OpenAPI lists every endpoint and parameter; responses carry a strict policy', async () => {
  const { body, headers } = await server.get('/api/openapi.json');
  expect(body.openapi).toBe('3.1.0');
  expect(Object.keys(body.paths)).toEqual(endpoints.map((name) => `/api/community/${name}`));
  const radar = body.paths['/api/community/radar'].get.parameters;
  expect(radar.map(({ name, required }: { name: string; required: boolean }) => [name, required])).toEqual([
    ['user_id', true],
    ['tz', false],
    ['debug', false],
    ['demo', false],
    ['hours', false],
    ['city', false],
  ]);
  const schemaOf = (parameter: string) =>
    radar.find(({ name }: { name: string }) => name === parameter).schema as {
      pattern?: string;
      default?: string;
    };
  const pattern = new RegExp(schemaOf('user_id').pattern ?? '');
  for (const id of ['00000000-0000-4000-8000-0000000000ab', '00000000-0000-4000-8000-0000000000AB'])
    expect([id, pattern.test(id)]).toEqual([id, true]);
  expect(schemaOf('hours').default).toBe('24');
  expect(Object.keys(body.paths['/api/community/radar'].get.responses)).toEqual([
    '200',
    '304',
    '400',
    '401',
    '403',
    '404',
    '405',
    '429',
    '431',
    '500',
    '503',
  ]);
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
});

test('each answer says how it is counted, in the words of the page and of arc-gam why', async () => {
  const topics: Record<string, string[]> = {
    weekly: [
      'streak',
      'weekly_goal',
      'new_connections',
      'second_degree',
      'geo_expansion',
      'community_activity',
      'leaderboard',
      'recommendations',
    ],
    quests: ['quests'],
    radar: ['radar', 'surges'],
    health: ['health', 'fading'],
  };
  const [streakRule] = await ruleOf('streak');
  for (const endpoint of endpoints) {
    for (const query of ['', '&demo=1']) {
      const { body } = await server.get(pathOf(endpoint, query));
      expect(Object.keys(body.meta.why)).toEqual(topics[endpoint]);
      expect(Object.values(body.meta.why).filter((sentence) => sentence === '')).toEqual([]);
      if (endpoint !== 'weekly') continue;
      expect(body.meta.why.streak).toBe(streakRule);
      expect(body.meta.why.recommendations).toContain('at least two connections');
    }
  }
  const strict = await startTestServer(database.url, { REC_MIN_MUTUALS: '3' }, now);
  try {
    const { body } = await strict.get(pathOf('weekly'));
    expect(body.meta.why.recommendations).toContain('at least 3 connections');
  } finally {
    await strict.stop();
  }
});

test('/api/ is the same document for people, under the policy of the page', async () => {
  const page = await fetch(`${server.url}/api/`);
  const html = await page.text();
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'; style-src 'self'");
  // Nothing that the policy would stop.
  expect(html).not.toMatch(/<script|<style|\sstyle=|\son\w+=/);
  const { body } = await server.get('/api/openapi.json');
  // biome-ignore lint/suspicious/noExplicitAny: the document as it came
  for (const [path, { get }] of Object.entries<any>(body.paths)) {
    expect(html).toContain(`GET ${path}`);
    expect(html).toContain(`href="#${get.operationId}"`);
    expect(html).toContain(`id="${get.operationId}"`);
    for (const { name } of get.parameters) expect(html).toContain(`<code>${name}</code>`);
    for (const name of Object.keys(get.responses['200'].content['application/json'].schema.properties)) {
      expect(html).toMatch(new RegExp(`<code>${name}\\??</code>`));
    }
  }
  expect(html).toContain('<code>meta.watermark.known_until</code>');
  expect(html).toContain('<code>quests[].title</code></th><td>string</td>');
  // What it links to is there.
  for (const [, link = ''] of html.matchAll(/(?:href|src)="([^#"]+)"/g)) {
    const { status } = await fetch(new URL(link, `${server.url}/api/`));
    expect([link, status]).toEqual([link, 200]);
  }
  const bare = await fetch(`${server.url}/api`, { redirect: 'manual' });
  expect([bare.status, bare.headers.get('location')]).toEqual([308, '/api/']);
});

test('what a document says is text on its page, never markup', () => {
  const hostile = `<img src=x onerror="alert('1')">&`;
  const html = indexPage({
    info: { title: hostile, version: hostile, description: hostile },
    paths: {
      [`/${hostile}`]: {
        get: {
          operationId: hostile,
          summary: hostile,
          parameters: [{ name: hostile, required: true, description: hostile, schema: { enum: [hostile] } }],
          responses: {
            200: {
              description: hostile,
              content: {
                'application/json': {
                  schema: { properties: { [hostile]: { description: hostile, default: hostile } } },
                },
              },
            },
          },
        },
      },
    },
    components: { schemas: { Refusal: {} } },
  });
  expect(html).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;');
  expect(html).not.toContain('<img');
  expect(html).not.toContain(`onerror="`);
});

test('the log line has no query, which says who asked', async () => {
  await server.get(pathOf('health'));
  const line = server.requests.at(-1);
  expect(line).toMatchObject({ method: 'GET', path: '/api/community/health', status: 200 });
});

test('a name that was made to point here is not answered without a token', async () => {
  const reply = await new Promise<number | undefined>((resolve, reject) => {
    void import('node:http').then(({ get }) =>
      get(server.url + pathOf('weekly'), { headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject),
    );
  });
  expect(reply).toBe(403);
});

describe('tokens', () => {
  const secret = 'a secret of at least thirty-two characters';
  const issuer = 'https://issuer.example';
  const audience = 'community';
  const key = new TextEncoder().encode(secret);
  const sign = (claims: { sub?: string; aud?: string; iss?: string; exp?: string | null } = {}) => {
    const token = new SignJWT()
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(claims.sub ?? me)
      .setAudience(claims.aud ?? audience)
      .setIssuer(claims.iss ?? issuer);
    return (claims.exp === null ? token : token.setExpirationTime(claims.exp ?? '5m')).sign(key);
  };
  let guarded: TestServer;
  beforeAll(async () => {
    guarded = await startTestServer(
      database.url,
      {
        ARC_GAM_JWT_SECRET: secret,
        ARC_GAM_JWT_ISSUER: issuer,
        ARC_GAM_JWT_AUDIENCE: audience,
        ARC_GAM_SERVICE_TOKEN: 'service-token-of-a-backend',
      },
      now,
    );
  });
  afterAll(() => guarded?.stop());
  const reply = (token: string | null, user = me) =>
    guarded.get(pathOf('health', '', user), token === null ? {} : { authorization: `Bearer ${token}` });
  const ask = async (token: string | null, user = me) => (await reply(token, user)).status;

  test('about oneself is let in, about somebody else is not', async () => {
    expect(await ask(await sign())).toBe(200);
    expect(await ask(await sign(), userId(2))).toBe(403);
    expect(await ask('service-token-of-a-backend', userId(2))).toBe(200);
  });

  test('none, forged, for others, expired or endless is refused', async () => {
    const unsigned = new UnsecuredJWT({}).setSubject(me).setIssuer(issuer).setAudience(audience);
    const [head, body] = (await sign()).split('.');
    expect(await ask(null)).toBe(401);
    expect(await ask(unsigned.setExpirationTime('5m').encode())).toBe(401);
    expect(await ask(`${head}.${body}.`)).toBe(401);
    expect(await ask(`${head}.${body}.AAAA`)).toBe(401);
    expect(await ask(await sign({ aud: 'another' }))).toBe(401);
    expect(await ask(await sign({ iss: 'https://elsewhere.example' }))).toBe(401);
    expect(await ask(await sign({ exp: '-1m' }))).toBe(401);
    expect(await ask(await sign({ exp: null }))).toBe(401);
    expect(await ask('service-token-of-a-backenD')).toBe(401);
    expect((await reply(await sign({ exp: '-1m' }))).body.code).toBe('token_expired');
    expect((await reply(await sign({ aud: 'another' }))).body.code).toBe('token_not_valid');
  });

  test('with published keys a signature counts until its key is withdrawn, and the public key is no secret', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
    const keys = createServer((_request, response) => {
      response.statusCode = isDown ? 500 : 200;
      response.end(JSON.stringify({ keys: listed }));
    });
    let listed = [jwk];
    let isDown = true;
    keys.listen(0, '127.0.0.1');
    await once(keys, 'listening');
    const { port } = keys.address() as AddressInfo;
    const published = await startTestServer(
      database.url,
      {
        ARC_GAM_JWT_JWKS_URL: `http://127.0.0.1:${port}/jwks.json`,
        ARC_GAM_JWT_ISSUER: issuer,
        ARC_GAM_JWT_AUDIENCE: audience,
      },
      now,
    );
    try {
      const make = (alg: string) =>
        new SignJWT()
          .setProtectedHeader({ alg, kid: 'one' })
          .setSubject(me)
          .setAudience(audience)
          .setIssuer(issuer)
          .setExpirationTime('1h');
      const asked = async (token: string) =>
        (await published.get(pathOf('health'), { authorization: `Bearer ${token}` })).status;
      const token = await make('RS256').sign(privateKey);
      const unheard = await published.get(pathOf('health'), { authorization: `Bearer ${token}` });
      expect([unheard.status, unheard.body.code, unheard.headers.get('retry-after')]).toEqual([
        503,
        'no_keys',
        '5',
      ]);
      isDown = false;
      expect(await asked(token)).toBe(200);
      expect(await asked(await make('HS256').sign(new TextEncoder().encode(JSON.stringify(jwk))))).toBe(401);
      listed = [];
      // The published keys are kept for ten minutes.
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 });
      expect(await asked(token)).toBe(401);
    } finally {
      vi.useRealTimers();
      await published.stop();
      keys.close();
    }
  });
});

describe('the command', () => {
  test('will not open everybody’s data to the network', async () => {
    const { ended } = startCli(['serve', '--host', '0.0.0.0', '--port', '0'], { DATABASE_URL: database.url });
    const { code, stderr } = await ended;
    expect(code).toBe(2);
    expect(stderr).toContain('ARC_GAM_SERVICE_TOKEN');
  });

  test('listens, logs and ends on SIGTERM', async () => {
    const { child, ended } = startCli(['serve', '--port', '0', '--json'], { DATABASE_URL: database.url });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { url } = JSON.parse(line.toString()) as { url: string };
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toContain('"path":"/readyz"');
  });

  test('writes each request for Cloud Logging where that is asked for', async () => {
    const { child, ended } = startCli(['serve', '--port', '0', '--log-format', 'json'], {
      DATABASE_URL: database.url,
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { url } = JSON.parse(line.toString()) as { url: string };
    await fetch(`${url}/healthz`);
    child.kill('SIGTERM');
    const { stdout } = await ended;
    const lines = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(lines.at(1)).toMatchObject({
      severity: 'INFO',
      event: 'request',
      message: expect.stringMatching(/^GET \/healthz 200 [\d.]+ ms$/),
      path: '/healthz',
      status: 200,
      durationMs: expect.any(Number),
    });
  });

  test('marks what went wrong: an error where it is the server’s, a warning where it is the caller’s', async () => {
    // A port where nobody listens.
    const { child, ended } = startCli(['serve', '--port', '0', '--log-format', 'json'], {
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { url } = JSON.parse(line.toString()) as { url: string };
    for (const path of ['/healthz', '/nothing', `/api/community/quests?user_id=${userId(1)}`]) {
      await fetch(url + path);
    }
    child.kill('SIGTERM');
    const { stdout } = await ended;
    const lines = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .filter(({ event }) => event === 'request');
    expect(lines.map(({ severity, status }) => [severity, status])).toEqual([
      ['INFO', 200],
      ['WARNING', 404],
      ['ERROR', 503],
    ]);
    expect(lines[2]?.reason).toContain("can't be reached");
  });
});
