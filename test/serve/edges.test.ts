import { once } from 'node:events';
import { get as httpGet } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CompactSign, exportJWK, generateKeyPair, SignJWT } from 'jose';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openQueue } from '../../src/serve/queue.js';
import { readServeSettings } from '../../src/serve/settings.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';
import { openProxy } from '../server/proxy.js';
import { startTestServer, type TestServer } from './serve.js';

const me = userId(1);
const pathOf = (endpoint: string, query = '', user = me) =>
  `/api/community/${endpoint}?user_id=${user}${query}`;
const circle = Array.from({ length: 12 }, (_, index) => 10 + index);

let database: TestDatabase;
let server: TestServer;
const now = '2026-03-09T12:30:00Z'; // a Monday, the as-of day is the Sunday before

/**
 * 1 knows 10 to 21; 2 and 30 know all of them, 3 knows eleven: 1 could meet them. 4 and 5 tap with 1; 5 opts out in a
 * test.
 */
beforeAll(async () => {
  database = await createDatabase();
  await database.client.query('alter table public.users add column hidden boolean');
  await database.ok(['migrate'], { ARC_GAM_USERS_OPT_OUT: 'hidden' });
  await addUsers(database, 1, 2, 3, 4, 5, 30, ...circle);
  for (const user of circle) await addTap(database, 1, user, '2026-02-01T10:00Z');
  for (const user of circle) await addTap(database, 2, user, '2026-02-02T10:00Z');
  for (const user of circle.slice(1)) await addTap(database, 3, user, '2026-02-02T10:00Z');
  for (const user of circle) await addTap(database, 30, user, '2026-02-02T10:00Z');
  await addTap(database, 1, 10, '2026-03-03T10:00Z');
  await addTap(database, 1, 4, '2026-03-08T14:00Z');
  // Monday in Tokyo, and in the running week of nobody yet.
  await addTap(database, 1, 5, '2026-03-08T20:00Z');
  await addTap(database, 1, 5, '2026-03-08T21:00Z');
  await database.ok(['etl', '--date', '2026-03-08']);
  server = await startTestServer(database.url, {}, now);
});

afterAll(async () => {
  await server?.stop();
  await database?.drop();
});

afterEach(() => {
  vi.useRealTimers();
});

test('where the viewer is in the next week already, everything is still of the as-of day and its week', async () => {
  const { body } = await server.get(pathOf('weekly', '&tz=Asia/Tokyo'));
  expect(body.week).toMatchObject({
    iso_week: 10,
    range: ['2026-03-03', '2026-03-09'],
    counted_until: '2026-03-08T15:00:00.000Z',
  });
  expect(body.meta.watermark).toMatchObject({
    as_of_day: '2026-03-08',
    known_until: '2026-03-09T00:00:00.000Z',
  });
  expect(body.momentum).toMatchObject({ weekly_taps: 2, new_connections: 1, current_streak_days: 1 });
  expect(body.momentum.calendar.days.at(-1)).toEqual({ day: '2026-03-08', taps: 1 });
  expect(body.recap.first_degree_new.map(({ user_id }: { user_id: string }) => user_id)).toEqual([userId(4)]);
  const { body: done } = await server.get(pathOf('quests', '&tz=Asia/Tokyo'));
  expect(done.week.iso_week).toBe(10);
  const quest = (slug: string) => done.quests.find(({ id }: { id: string }) => id === slug);
  expect(quest('consistency')).toMatchObject({ count: 2, ends_at: '2026-03-08T15:00:00.000Z' });
  expect(quest('network-builder')).toMatchObject({ count: 1 });
  // The stored zone knows the rest of Sunday.
  const stored = (await server.get(pathOf('weekly'))).body;
  expect(stored.momentum).toMatchObject({ weekly_taps: 4, new_connections: 2 });
  expect(stored.week).toMatchObject({ iso_week: 10, counted_until: '2026-03-09T00:00:00.000Z' });
});

test('quests are sorted: nearest to done first, done ones last', async () => {
  const { body } = await server.get(pathOf('quests'));
  const shares = body.quests.map(
    ({ status, count, target }: { status: string; count: number; target: number }) =>
      status === 'completed' ? -1 : count / target,
  );
  expect(shares.length).toBeGreaterThan(5);
  expect(shares).toEqual([...shares].sort((one, other) => other - one));
  expect(shares[0]).toBeGreaterThan(0);
});

test('a token that was let in is refused once it has expired, and for somebody else at once', async () => {
  const secret = 'a secret of at least thirty-two characters';
  const guarded = await startTestServer(
    database.url,
    {
      ARC_GAM_JWT_SECRET: secret,
      ARC_GAM_JWT_ISSUER: 'https://issuer.example',
      ARC_GAM_JWT_AUDIENCE: 'community',
    },
    now,
  );
  try {
    const exp = Math.floor(Date.now() / 1000) + 60;
    const token = await new SignJWT({ sub: me, iss: 'https://issuer.example', aud: 'community', exp })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(secret));
    const ask = async (user = me) =>
      (await guarded.get(pathOf('quests', '', user), { authorization: `Bearer ${token}` })).status;
    expect([await ask(), await ask(), await ask(userId(2))]).toEqual([200, 200, 403]);
    vi.useFakeTimers({ toFake: ['Date'], now: (exp + 10) * 1000 });
    expect(await ask()).toBe(401);
  } finally {
    await guarded.stop();
  }
});

describe('a token whose claims are of another type', () => {
  const secret = 'a secret of at least thirty-two characters';
  const issuer = 'https://issuer.example';
  const audience = 'community';
  const claims = { sub: me, iss: issuer, aud: audience, exp: Math.floor(Date.now() / 1000) + 300 };
  const values = [[me], { id: me }, 1, true, null, '', [[me]], [1], '\u0000', [issuer], -1];

  test.each(['secret', 'published keys'])('is refused with 401, checked with %s', async (kind) => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
    const keys = (await import('node:http')).createServer((_request, response) =>
      response.end(JSON.stringify({ keys: [jwk] })),
    );
    keys.listen(0, '127.0.0.1');
    await once(keys, 'listening');
    const jwks = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/jwks.json`;
    const guarded = await startTestServer(
      database.url,
      {
        ...(kind === 'secret' ? { ARC_GAM_JWT_SECRET: secret } : { ARC_GAM_JWT_JWKS_URL: jwks }),
        ARC_GAM_JWT_ISSUER: issuer,
        ARC_GAM_JWT_AUDIENCE: audience,
      },
      now,
    );
    // Not SignJWT, which checks the claims itself.
    const ask = async (payload: object) => {
      const token = new CompactSign(new TextEncoder().encode(JSON.stringify(payload)));
      const signed =
        kind === 'secret'
          ? token.setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
          : token.setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(privateKey);
      return guarded.get(pathOf('health'), { authorization: `Bearer ${await signed}` });
    };
    try {
      expect((await ask(claims)).status).toBe(200);
      for (const claim of ['sub', 'iss', 'aud', 'exp', 'nbf', 'iat']) {
        for (const value of values) {
          const { status } = await ask({ ...claims, [claim]: value });
          expect(status, `${claim} ${JSON.stringify(value)}`).toBe(
            // A moment in the past, and a subject that is nobody: the type is right.
            ['nbf', 'iat'].includes(claim) && typeof value === 'number'
              ? 200
              : claim === 'sub' && typeof value === 'string'
                ? 403
                : 401,
          );
        }
      }
    } finally {
      await guarded.stop();
      keys.close();
    }
  });
});

test('with several published keys, a token that names none is checked with each', async () => {
  const pairs = await Promise.all([1, 2, 3].map(() => generateKeyPair('RS256', { extractable: true })));
  const published = await Promise.all(
    pairs.slice(0, 2).map(async ({ publicKey }, index) => ({
      ...(await exportJWK(publicKey)),
      kid: `key ${index}`,
      alg: 'RS256',
      use: 'sig',
    })),
  );
  let answers = 0;
  let delayMs = 0;
  const keys = (await import('node:http')).createServer((_request, response) => {
    answers += 1;
    setTimeout(() => response.end(JSON.stringify({ keys: published })), delayMs);
  });
  keys.listen(0, '127.0.0.1');
  await once(keys, 'listening');
  const environment = {
    ARC_GAM_JWT_JWKS_URL: `http://127.0.0.1:${(keys.address() as AddressInfo).port}/jwks.json`,
    ARC_GAM_JWT_ISSUER: 'https://issuer.example',
    ARC_GAM_JWT_AUDIENCE: 'community',
  };
  const exp = Math.floor(Date.now() / 1000) + 300;
  const tokens = await Promise.all(
    pairs.map(({ privateKey }) =>
      new SignJWT({ sub: me, iss: 'https://issuer.example', aud: 'community', exp })
        .setProtectedHeader({ alg: 'RS256' })
        .sign(privateKey),
    ),
  );
  const guarded = await startTestServer(database.url, environment, now);
  const late = await startTestServer(database.url, environment, now);
  try {
    const statuses = [];
    for (const token of tokens)
      statuses.push((await guarded.get(pathOf('quests'), { authorization: `Bearer ${token}` })).status);
    expect(statuses).toEqual([200, 200, 401]);

    // Nothing is asked for whoever leaves while the keys are fetched: it would wait for this lock.
    await database.client.query('begin; lock table gamification.edge_strength in access exclusive mode');
    answers = 0;
    delayMs = 500;
    const request = httpGet(late.url + pathOf('health'), {
      headers: { authorization: `Bearer ${tokens[0]}` },
    });
    request.on('error', () => undefined);
    await vi.waitFor(() => expect(answers).toBe(1));
    request.destroy();
    await vi.waitFor(() => expect(late.requests.map(({ status }) => status)).toEqual([499]));
    await sleep(1_000);
    const { rows } = await database.client.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    expect(rows).toEqual([]);
  } finally {
    await database.client.query('rollback');
    await guarded.stop();
    await late.stop();
    keys.close();
  }
});

test('a database that freezes: 503 at the deadline, of readiness long before, and all is well when it is back', async () => {
  const way = await openProxy(database.url);
  const cold = await startTestServer(way.url, { ARC_GAM_API_STATEMENT_TIMEOUT_MS: '4000' }, now);
  const answered: string[] = [];
  const refused = async (path: string) => {
    const { status, body, headers } = await cold.get(path);
    answered.push(path);
    return [status, body.code, headers.get('retry-after')];
  };
  try {
    // Eight connections are open when it freezes.
    await Promise.all([1, 2, 3, 10, 11, 12].map((user) => cold.get(pathOf('health', '', userId(user)))));
    way.freeze();
    const questions = [1, 2, 3].map((user) => pathOf('weekly', '', userId(user)));
    const asked = await Promise.all([...questions, '/readyz'].map(refused));
    for (const answer of asked) expect(answer).toEqual([503, 'unreachable', '5']);
    expect(answered[0]).toBe('/readyz');
    way.thaw();
    // What was cut off is not used again.
    await vi.waitFor(async () => expect((await cold.get(pathOf('weekly'))).status).toBe(200), {
      timeout: 15_000,
      interval: 200,
    });
    way.freeze();
    await cold.stop();
  } finally {
    way.close();
  }
}, 60_000);

test('the time in the line counts: whoever waits there for a frozen database is answered by the same deadline', async () => {
  const way = await openProxy(database.url);
  const single = await startTestServer(
    way.url,
    {
      ARC_GAM_API_POOL: '1',
      ARC_GAM_API_STATEMENT_TIMEOUT_MS: '4000',
      ARC_GAM_API_QUEUE_TIMEOUT_MS: '20000',
    },
    now,
  );
  try {
    expect((await single.get(pathOf('health'))).status).toBe(200);
    way.freeze();
    const times: number[] = [];
    const asked = await Promise.all(
      [pathOf('health'), pathOf('health', '', userId(2)), pathOf('health', '', userId(3))].map(
        async (path) => {
          const { status } = await single.get(path);
          times.push(performance.now());
          return status;
        },
      ),
    );
    expect(asked).toEqual([503, 503, 503]);
    // One after another they would be a deadline apart.
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(4_000);
    await single.stop();
  } finally {
    way.close();
  }
}, 60_000);

test('what was cut while it waited in the line leaves it, and never runs', async () => {
  const queue = openQueue({ running: 1, waiting: 5, timeoutMs: 60_000 });
  const ran: string[] = [];
  let finish = (): void => undefined;
  const first = queue.run(() => new Promise<void>((resolve) => (finish = resolve)));
  const hasty = new AbortController();
  const second = queue.run(async () => ran.push('second'), hasty.signal);
  const third = queue.run(async () => ran.push('third'));
  hasty.abort();
  await expect(second).rejects.toMatchObject({ status: 503, code: 'busy' });
  finish();
  await Promise.all([first, third]);
  expect(ran).toEqual(['third']);
});

describe('while a statement waits', () => {
  let blocker: pg.Client;
  let held: TestServer;
  beforeAll(async () => {
    held = await startTestServer(
      database.url,
      {
        ARC_GAM_API_STATEMENT_TIMEOUT_MS: '60000',
        ARC_GAM_LOCK_TIMEOUT_MS: '60000',
        ARC_GAM_API_PER_USER: '3',
      },
      now,
    );
    expect((await held.get(pathOf('health'))).status).toBe(200);
    blocker = new pg.Client({ connectionString: database.url });
    await blocker.connect();
    await blocker.query('begin; lock table gamification.edge_strength in access exclusive mode');
  });
  afterAll(async () => {
    await blocker.end();
    await held.stop();
  });
  const waiting = async () =>
    (
      await database.rows(
        "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      )
    ).length;
  const asked = (path: string) => {
    const request = httpGet(held.url + path);
    request.on('error', () => undefined);
    return request;
  };

  test('who hangs up stops the work', async () => {
    const requests = [1, 2, 3].map((user) => asked(pathOf('health', '', userId(user))));
    await vi.waitFor(async () => expect(await waiting()).toBe(3), { timeout: 10_000 });
    for (const request of requests) request.destroy();
    await vi.waitFor(async () => expect(await waiting()).toBe(0), { timeout: 5_000 });
    // The log has them: a slow database behind impatient callers does not look like silence.
    expect(held.requests.slice(-3).map(({ status, path }) => [status, path])).toEqual(
      Array(3).fill([499, '/api/community/health']),
    );
    // What reads another table was not kept waiting.
    expect((await held.get(pathOf('quests'))).status).toBe(200);
  });

  test('who hangs up does not cost the others their connection, where little was left to do', async () => {
    const pidsOf = async () => {
      const { rows } = await database.client.query<{ pid: number }>(
        "select pid from pg_stat_activity where datname = current_database() and application_name like 'arc-gam serve%'",
      );
      return rows.map(({ pid }) => pid);
    };
    const others = await pidsOf();
    const single = await startTestServer(database.url, { ARC_GAM_API_POOL: '1' }, now);
    try {
      const backends = new Set<number>();
      for (let turn = 0; turn < 20; turn += 1) {
        expect((await single.get(pathOf('quests'))).status).toBe(200);
        for (const pid of await pidsOf()) if (!others.includes(pid)) backends.add(pid);
        const request = httpGet(single.url + pathOf('weekly', '&tz=Asia/Tokyo'));
        request.on('error', () => undefined);
        await sleep(2 + (turn % 5) * 2);
        request.destroy();
      }
      // A machine under pressure may lose one or two.
      expect(backends.size).toBeLessThan(4);
    } finally {
      await single.stop();
    }
  });

  test('one user has a few requests at work, and others their own', async () => {
    const requests = [1, 2, 3].map(() => asked(pathOf('health')));
    await vi.waitFor(async () => expect(await waiting()).toBe(3), { timeout: 10_000 });
    const refused = await held.get(pathOf('quests'));
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await held.get(pathOf('quests', '', userId(2)))).status).toBe(200);
    for (const request of requests) request.destroy();
    await vi.waitFor(async () => expect((await held.get(pathOf('quests'))).status).toBe(200));
  });
});

test('a server that is to end does not wait for what is at work', async () => {
  const ending = await startTestServer(
    database.url,
    { ARC_GAM_API_STATEMENT_TIMEOUT_MS: '60000', ARC_GAM_LOCK_TIMEOUT_MS: '60000' },
    now,
  );
  const blocker = new pg.Client({ connectionString: database.url });
  await blocker.connect();
  await blocker.query('begin; lock table gamification.edge_strength in access exclusive mode');
  try {
    const cutOff = ending.get(pathOf('health')).then(
      () => false,
      () => true,
    );
    await vi.waitFor(
      async () =>
        expect(
          await database.rows(
            "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
          ),
        ).toHaveLength(1),
      { timeout: 10_000 },
    );
    const started = performance.now();
    await ending.stop();
    expect(performance.now() - started).toBeLessThan(4_000);
    expect(await cutOff).toBe(true);
  } finally {
    await blocker.end();
  }
}, 60_000);

describe('the ETag changes with', () => {
  const etagOf = async (from: TestServer, endpoint: string) =>
    (await from.get(pathOf(endpoint))).headers.get('etag');

  test('who has opted out, within a minute, and cached boards do too', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    // One whose memory knows only this clock.
    const clocked = await startTestServer(database.url, {}, now);
    const before = await etagOf(clocked, 'weekly');
    const isShown = async () => {
      const { status, body } = await clocked.get(pathOf('weekly'), { 'if-none-match': before ?? '' });
      return status === 304 || JSON.stringify(body).includes(userId(5));
    };
    expect(await isShown()).toBe(true);
    await database.client.query('update public.users set hidden = true where id = $1', [userId(5)]);
    try {
      // The first request after a while starts a new look at who opted out; nobody waits for it.
      for (let waited = 0; waited < 60_000 && (await isShown()); waited += 10_000) {
        vi.advanceTimersByTime(10_000);
        await sleep(50);
      }
      expect(await isShown()).toBe(false);
    } finally {
      await database.client.query('update public.users set hidden = null where id = $1', [userId(5)]);
      await clocked.stop();
    }
  });

  test('a quest that an operator edits', async () => {
    const before = await etagOf(server, 'quests');
    expect(await etagOf(server, 'quests')).toBe(before);
    await database.client.query(
      "update gamification.quest_definitions set title = 'Steady' where slug = 'consistency'",
    );
    expect(await etagOf(server, 'quests')).not.toBe(before);
  });

  test('the settings', async () => {
    const other = await startTestServer(database.url, { WEEKLY_GOAL_TAPS: '7' }, now);
    try {
      expect(await etagOf(other, 'weekly')).not.toBe(await etagOf(server, 'weekly'));
    } finally {
      await other.stop();
    }
  });
});

test('one more mutual connection always counts, and of equals the one with more comes first', async () => {
  const { body } = await server.get(pathOf('weekly'));
  expect(
    body.recommendations.map(({ user_id, scores }: { user_id: string; scores: { mutuals: number } }) => [
      user_id,
      Math.round(scores.mutuals * 1e6) / 1e6,
    ]),
  ).toEqual([
    [userId(2), 0.77687],
    [userId(30), 0.77687],
    [userId(3), 0.74716],
  ]);
  const indifferent = await startTestServer(database.url, { REC_SCORE_WEIGHTS: '0,0,1' }, now);
  try {
    // Twelve mutual connections before eleven, whatever the ids are.
    const { recommendations } = (await indifferent.get(pathOf('weekly'))).body;
    expect(
      recommendations.map((one: { user_id: string; scores: { total: number } }) => [
        one.user_id,
        one.scores.total,
      ]),
    ).toEqual([
      [userId(2), 0],
      [userId(30), 0],
      [userId(3), 0],
    ]);
  } finally {
    await indifferent.stop();
  }
});

test('nobody of the blocklist is recommended, and who was away for too long does not count as recent', async () => {
  // Those whom 1 could meet tapped 34 days before the as-of day for the last time.
  for (const [days, recency, explain] of [
    ['34', Math.exp(-34 / 30), '12 mutual connections · active 34 days ago'],
    ['33', 0, '12 mutual connections'],
  ] as const) {
    const settings = { REC_BLOCKLIST_IDS: `${userId(99)}, ${userId(2)}`, REC_MAX_DAYS_FOR_RECENCY: days };
    const other = await startTestServer(database.url, settings, now);
    try {
      const { recommendations } = (await other.get(pathOf('weekly'))).body;
      expect(recommendations.map(({ user_id }: { user_id: string }) => user_id)).toEqual([
        userId(30),
        userId(3),
      ]);
      expect(recommendations[0]).toMatchObject({ scores: { recency: expect.closeTo(recency, 9) }, explain });
    } finally {
      await other.stop();
    }
  }
});

test('as many are recommended as is wished', async () => {
  const few = await startTestServer(database.url, { REC_MAX_RESULTS: '2' }, now);
  try {
    const { recommendations } = (await few.get(pathOf('weekly'))).body;
    expect(recommendations.map(({ user_id }: { user_id: string }) => user_id)).toEqual([
      userId(2),
      userId(30),
    ]);
  } finally {
    await few.stop();
  }
});

test('without prepared statements every answer is the same', async () => {
  const other = await startTestServer(database.url, { ARC_GAM_API_PREPARE: 'off' }, now);
  try {
    for (const endpoint of ['weekly', 'health', 'quests', 'radar']) {
      const [{ meta: _, ...prepared }, { meta: __, ...pinned }] = await Promise.all(
        [server, other].map(async (one) => (await one.get(pathOf(endpoint))).body),
      );
      expect(pinned, endpoint).toEqual(prepared);
      expect(pinned.source).toBe('database');
    }
  } finally {
    await other.stop();
  }
});

test('debug tells the time of each query on its own', async () => {
  const { body } = await server.get(pathOf('weekly', '&debug=1&time_window=365d'));
  const queries: { query: string; ms: number }[] = body.meta.debug.queries;
  expect(queries.length).toBeGreaterThan(4);
  const sum = queries.reduce((total, { ms }) => total + ms, 0);
  // They are sent together: waited for one by one from the first moment they would add up to several times as much.
  expect(sum).toBeLessThanOrEqual(body.meta.duration_ms);
  expect(body.meta.debug.boundaries).toMatchObject({ counted_until: '2026-03-09T00:00:00.000Z' });
});

test('what everybody shares is ready before anybody can ask', async () => {
  const fresh = await startTestServer(database.url, {}, now);
  try {
    const { body } = await fresh.get(pathOf('weekly', '&debug=1'));
    const asked = body.meta.debug.queries.map(({ query }: { query: string }) => query);
    expect(asked).toContain('momentum');
    for (const shared of ['schema', 'opt_out', 'board', 'city_board', 'community_activity'])
      expect(asked).not.toContain(shared);
  } finally {
    await fresh.stop();
  }
});

test('a table that vanishes is noticed within 5 s', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const clocked = await startTestServer(database.url, {}, now);
  expect((await clocked.get(pathOf('health'))).body.source).toBe('database');
  await database.client.query('alter table gamification.edge_strength rename to edge_strength_away');
  try {
    vi.advanceTimersByTime(5_000);
    const { body } = await clocked.get(pathOf('health'));
    expect([body.source, body.meta.warnings[0]]).toEqual([
      'mock',
      'This is made-up data. The schema has no edge_strength. Run: arc-gam migrate',
    ]);
  } finally {
    await database.client.query('alter table gamification.edge_strength_away rename to edge_strength');
    await clocked.stop();
  }
});

test('an error carries a word for programs', async () => {
  for (const [path, code] of [
    ['/api/community/weekly', 'user_id_required'],
    [pathOf('weekly', '&tz=Mars/Base'), 'unknown_zone'],
    [pathOf('weekly', '&time_window=2w'), 'unknown_window'],
    [pathOf('radar', '&hours=0'), 'bad_hours'],
    [pathOf('radar', '&city=Zzyzx%20Nowhere'), 'unknown_city'],
    [pathOf('weekly', '', userId(99)), 'unknown_user'],
    ['/nothing', 'not_found'],
  ] as const) {
    expect((await server.get(path)).body.code, path).toBe(code);
  }
});

test('what the database does not do is a 503 with a word of its own', async () => {
  const answerOf = async (asked: TestServer) => {
    const { status, body, headers } = await asked.get(pathOf('weekly'));
    return [status, body.code, headers.get('retry-after')];
  };
  const role = `${new URL(database.url).pathname.slice(1)}_stranger`;
  await database.client.query(
    `create role ${role} login password 'stranger'; grant usage on schema gamification to ${role}`,
  );
  const url = new URL(database.url);
  url.username = role;
  url.password = 'stranger';
  const [strange, hasty] = await Promise.all([
    startTestServer(url.href, {}, now),
    startTestServer(
      database.url,
      { ARC_GAM_API_STATEMENT_TIMEOUT_MS: '1500', ARC_GAM_LOCK_TIMEOUT_MS: '60000' },
      now,
    ),
  ]);
  try {
    expect(await answerOf(strange)).toEqual([503, 'no_rights', '5']);
    expect((await answerOf(hasty))[0]).toBe(200);
    await database.client.query('begin; lock table gamification.user_streaks');
    expect(await answerOf(hasty)).toEqual([503, 'timed_out', '5']);
  } finally {
    await database.client.query('rollback');
    await Promise.all([strange.stop(), hasty.stop()]);
    await database.client.query(`drop owned by ${role}; drop role ${role}`);
  }
});

test('answers are compressed for who asks for it, and other origins may call where they are named', async () => {
  const packed = await fetch(server.url + pathOf('weekly'), { headers: { 'accept-encoding': 'gzip' } });
  expect(packed.headers.get('content-encoding')).toBe('gzip');
  expect(packed.headers.get('vary')).toContain('authorization');
  expect(packed.headers.get('vary')).toContain('accept-encoding');
  expect((await packed.json()).source).toBe('database');
  for (const path of ['/', '/community.js', '/api/', '/api/openapi.json']) {
    const one = await fetch(server.url + path, { headers: { 'accept-encoding': 'gzip' } });
    expect(one.headers.get('content-encoding'), path).toBe('gzip');
    expect(await one.text(), path).toBe(
      await (await fetch(server.url + path, { headers: { 'accept-encoding': 'identity' } })).text(),
    );
  }
  const plain = await fetch(server.url + pathOf('weekly'), { headers: { 'accept-encoding': 'gzip;q=0, *' } });
  expect(plain.headers.get('content-encoding')).toBeNull();
  expect((await plain.json()).source).toBe('database');
  const from = (origin: string) => ({ headers: { origin } });
  const alone = await fetch(server.url + pathOf('health'), from('https://app.example'));
  expect(alone.headers.get('access-control-allow-origin')).toBeNull();
  const open = await startTestServer(database.url, { ARC_GAM_API_ORIGINS: 'https://app.example' }, now);
  try {
    const asked = async (origin: string) =>
      (await fetch(open.url + pathOf('health'), from(origin))).headers.get('access-control-allow-origin');
    expect(await asked('https://app.example')).toBe('https://app.example');
    expect(await asked('https://evil.example')).toBeNull();
    const { headers } = await fetch(open.url + pathOf('health'), from('https://app.example'));
    expect(headers.get('vary')?.toLowerCase()).toMatch(/origin.*authorization/);
    const preflight = await fetch(open.url + pathOf('health'), {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(preflight.status).toBe(204);
    const bare = await fetch(open.url + pathOf('health'), { method: 'OPTIONS' });
    expect([bare.status, await bare.json()]).toEqual([
      405,
      { error: 'Method not allowed', code: 'method_not_allowed' },
    ]);
    expect(bare.headers.get('x-content-type-options')).toBe('nosniff');
    const unreadable = await fetch(`${open.url}/%zz`, from('https://app.example'));
    expect(unreadable.status).toBe(400);
    expect(unreadable.headers.get('cache-control')).toBe('no-store');
    expect(unreadable.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(unreadable.headers.get('x-content-type-options')).toBe('nosniff');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
  } finally {
    await open.stop();
  }
});

test('the running day is read once for all viewers, and the radar is live to a few seconds', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const clocked = await startTestServer(database.url, {}, now);
  const asked = async (user: number) => {
    const { body } = await clocked.get(pathOf('radar', '&debug=1', userId(user)));
    const queries = body.meta.debug.queries.map(({ query }: { query: string }) => query);
    return [body.buckets.at(-1).activity_count, queries.includes('live_tap')];
  };
  try {
    await addTap(database, 1, 4, '2026-03-09T12:05Z');
    expect(await asked(1)).toEqual([1, true]);
    expect(await asked(4)).toEqual([1, false]);
    expect(await asked(10)).toEqual([0, false]);
    await addTap(database, 10, 11, '2026-03-09T12:06Z');
    // From what was read for 1: nobody looked again.
    expect(await asked(11)).toEqual([0, false]);
    vi.advanceTimersByTime(7_000);
    expect(await asked(10)).toEqual([1, true]);
    expect(await asked(11)).toEqual([1, false]);
    // Too many to be read for everybody: each viewer's own are looked up.
    await database.client.query(
      `insert into public.taps (id1, id2, time)
       select $1::uuid, $2::uuid, '2026-03-09T12:07Z' from generate_series(1, 40000)`,
      [userId(12), userId(13)],
    );
    vi.advanceTimersByTime(7_000);
    expect(await asked(10)).toEqual([1, true]);
    expect(await asked(4)).toEqual([1, false]);
  } finally {
    await clocked.stop();
  }
});

test.each([
  [{ REC_SCORE_WEIGHTS: '0.7,,0.1' }, /^REC_SCORE_WEIGHTS is '0.7,,0.1', expected three numbers/],
  [{ ARC_GAM_SERVICE_TOKEN: 'a token of several words' }, /^ARC_GAM_SERVICE_TOKEN has blanks/],
])('a setting that can not be meant is refused: %o', (environment, words) => {
  expect(() => readServeSettings(environment as unknown as Record<string, string>)).toThrow(words);
});
