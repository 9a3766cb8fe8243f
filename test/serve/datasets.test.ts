import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCsv, tapsCsv, usersCsv } from '../../src/demo/csv.js';
import { createDatabase, type TestDatabase } from '../server/database.js';
import { describeUnless } from '../server/lacking.js';
import { startTestServer, type TestServer } from './serve.js';

const shared = [process.env.ARC_GAM_SHARED, '../../../shared', '../../../../shared']
  .filter((path) => path !== undefined)
  .map((path) => (path.startsWith('/') ? path : fileURLToPath(new URL(path, import.meta.url))))
  .find((path) => existsSync(`${path}/expected`));

const withDataSets = describeUnless(
  shared === undefined ? 'there is no folder ../shared with expected rollups' : null,
);

/** The expected rollups were computed from the specification by something else than arc-gam. */
const name = 'workplace2013';
const asOf = '2013-07-05';
const week = ['2013', '27'];
const now = '2013-07-06T09:00:00Z';

const expected = (table: string): string[][] =>
  gunzipSync(readFileSync(`${shared}/expected/${name}/${table}.csv.gz`))
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(','));

const nullable = (text: string | undefined) => (text === '' || text === undefined ? null : Number(text));

withDataSets(`what the API says of ${name}`, () => {
  let database: TestDatabase;
  let server: TestServer;
  let users: string[];

  beforeAll(async () => {
    database = await createDatabase();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('begin');
    await loadCsv(client, `${shared}/data/${name}/users.csv.gz`, usersCsv);
    await loadCsv(client, `${shared}/data/${name}/taps.csv.gz`, tapsCsv);
    await client.query('commit');
    await client.end();
    await database.ok(['backfill', '--to', asOf]);
    server = await startTestServer(database.url, {}, now);
    users = expected('user_streaks').map(([user]) => user ?? '');
  });

  afterAll(async () => {
    await server?.stop();
    await database?.drop();
  });

  const get = async (endpoint: string, user: string, query = '') => {
    const { status, body } = await server.get(`/api/community/${endpoint}?user_id=${user}${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  };

  test('momentum and the places on the boards, for every user', async () => {
    const streaks = new Map(expected('user_streaks').map((line) => [line[0], line]));
    const weeks = new Map(
      expected('user_week_activity')
        .filter((line) => line[1] === week[0] && line[2] === week[1])
        .map((line) => [line[0], line]),
    );
    const boards = new Map(
      expected('weekly_leaderboard')
        .filter((line) => line[1] === week[0] && line[2] === week[1])
        .map((line) => [line[0], line]),
    );
    expect(weeks.size).toBeGreaterThan(30);
    for (const user of users) {
      const { momentum, recap, leaderboard, week: running } = await get('weekly', user);
      expect(running).toMatchObject({ year: Number(week[0]), iso_week: Number(week[1]) });
      const [, , , taps, fresh, , secondFresh] = weeks.get(user) ?? [];
      expect(momentum, user).toMatchObject({
        current_streak_days: Number(streaks.get(user)?.[1]),
        longest_streak_days: Number(streaks.get(user)?.[2]),
        weekly_taps: Number(taps ?? 0),
        new_connections: Number(fresh ?? 0),
      });
      expect(recap.second_degree_delta, user).toBe(Number(secondFresh ?? 0));
      const [, , , connections, builders, streak, ...ranks] = boards.get(user) ?? [];
      expect(leaderboard.me, user).toMatchObject({
        new_connections: { new_first_degree: Number(connections ?? 0), rank: nullable(ranks[0]) },
        community_builders: { delta_second_degree: Number(builders ?? 0), rank: nullable(ranks[1]) },
        streak_masters: { streak_days: Number(streak ?? 0), rank: nullable(ranks[2]) },
      });
    }
  });

  test('the boards, five of each', async () => {
    const lines = expected('weekly_leaderboard').filter((line) => line[1] === week[0] && line[2] === week[1]);
    const { leaderboard } = await get('weekly', users[0] ?? '');
    for (const [board, figure] of [
      ['new_connections', 3],
      ['community_builders', 4],
      ['streak_masters', 5],
    ] as const) {
      const best = lines
        .filter((line) => Number(line[figure]) > 0)
        .sort(
          (one, other) =>
            Number(other[figure]) - Number(one[figure]) || ((one[0] ?? '') < (other[0] ?? '') ? -1 : 1),
        )
        .slice(0, 5)
        .map((line) => line[0]);
      expect(
        leaderboard[board].map(({ user_id }: { user_id: string }) => user_id),
        board,
      ).toEqual(best);
      expect(best.length, board).toBeGreaterThan(board === 'community_builders' ? 0 : 4);
    }
  });

  test('the activity of the window, day by day', async () => {
    const byDay = new Map<string, number>();
    for (const [, day = '', taps] of expected('user_day_activity')) {
      byDay.set(day, (byDay.get(day) ?? 0) + Number(taps) / 2);
    }
    const { recap } = await get('weekly', users[0] ?? '', '&time_window=30d');
    expect(recap.community_activity).toHaveLength(30);
    for (const { day, taps } of recap.community_activity) expect(taps, day).toBe(byDay.get(day) ?? 0);
    expect(Math.max(...recap.community_activity.map(({ taps }: { taps: number }) => taps))).toBeGreaterThan(
      100,
    );
  });

  test('the strongest ties and their summary', async () => {
    const edges = expected('edge_strength');
    for (const user of users.slice(0, 20)) {
      const own = edges
        .filter(([one, other]) => one === user || other === user)
        .map(([one, other, taps, , strength]) => ({
          other: one === user ? other : one,
          taps: Number(taps),
          strength: Number(strength),
        }));
      const { summary, connections } = await get('health', user);
      expect(summary.excellent + summary.good + summary.fair + summary.needs_attention, user).toBe(
        own.length,
      );
      const mean = own.reduce((sum, tie) => sum + Math.min(1, tie.strength / 1.983), 0) / own.length;
      expect(summary.avg_strength, user).toBeCloseTo(mean, 3);
      expect(connections, user).toHaveLength(Math.min(15, own.length));
      for (const tie of connections) {
        const stored = own.find(({ other }) => other === tie.other_user_id);
        expect(tie.taps_90d, user).toBe(stored?.taps);
        expect(Math.abs(tie.strength_f32 - (stored?.strength ?? 0)), user).toBeLessThan(0.0002);
      }
      const weakest = Math.min(
        ...connections.map(({ strength_f32 }: { strength_f32: number }) => strength_f32),
      );
      expect(own.filter(({ strength }) => strength > weakest + 0.0002).length, user).toBeLessThan(15 + 1);
    }
  });

  test('the progress of the quests', async () => {
    const lines = new Map(
      expected('user_quest_progress')
        .filter(([, , monday]) => monday === '2013-07-01')
        .map((line) => [`${line[0]} ${line[1]}`, line]),
    );
    expect(lines.size).toBeGreaterThan(50);
    for (const user of users.slice(0, 30)) {
      const { quests } = await get('quests', user);
      expect(quests.length).toBeGreaterThan(5);
      for (const quest of quests) {
        const [, , , count, target, , completed] = lines.get(`${user} ${quest.id}`) ?? [];
        expect(quest.count, `${user} ${quest.id}`).toBe(Number(count ?? 0));
        expect(quest.progress, `${user} ${quest.id}`).toBe(Math.min(Number(count ?? 0), quest.target));
        if (target !== undefined) expect(quest.target).toBe(Number(target));
        expect(Date.parse(quest.completed_at ?? '1970-01-01'), `${user} ${quest.id}`).toBe(
          Math.floor(Number(completed ?? 0) / 1000),
        );
      }
    }
  });
});
