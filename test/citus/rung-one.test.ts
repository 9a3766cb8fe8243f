import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../src/config.js';
import { withDatabase } from '../../src/db/database.js';
import type { ExplainedNode } from '../../src/pipeline/batch.js';
import { runPipeline } from '../../src/pipeline/run.js';
import { loadSteps } from '../../src/pipeline/step.js';
import { jsonLines, startCli } from '../command/cli.js';
import { quiet } from '../prove/world.js';
import { userId } from '../server/database.js';
import { describeUnless } from '../server/lacking.js';
import { type Cluster, findCitus, startCluster } from './cluster.js';
import { copyToPlain, createSpread, plainSource, type SpreadApplication } from './spread.js';

const found = findCitus();
const missing = 'missing' in found ? found.missing : null;

const zone = 'America/St_Johns';
const environment = { ARC_GAM_TZ: zone };
const last = '2026-01-20';

/** Six weeks of a growing community, over a year end: pairs with many taps on a day, places, dirt and strangers. */
const fill = async (client: pg.Client): Promise<void> => {
  await client.query(
    `insert into public.users (id, name, home)
     select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'u' || n,
       (array['Berlin, Germany', 'NYC', null, 'Paris, TX'])[1 + n % 4]
     from generate_series(1, 30) as n`,
  );
  await client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude)
     select
       case when n % 97 = 0 then null else ('00000000-0000-4000-8000-' || lpad((1 + n % 7 + n / 200)::text, 12, '0'))::uuid end,
       ('00000000-0000-4000-8000-' || lpad((case when n % 53 = 0 then 900 else 1 + (n * n) % 11 + n / 300 end)::text, 12, '0'))::uuid,
       '2025-12-10T03:00Z'::timestamptz + n * interval '15 minutes' + (n % 5) * interval '7 seconds',
       case when n % 3 > 0 then 52.5 + (n % 5) * 0.3 end, 13.4 + (n % 4) * 0.3
     from generate_series(0, 3999) as n`,
  );
};

describeUnless(missing)('taps on a cluster, figures on its coordinator', () => {
  let cluster: Cluster;
  let spread: SpreadApplication;
  beforeAll(async () => {
    cluster = await startCluster();
    spread = await createSpread(cluster, 'spread');
    await fill(spread.client);
  });
  afterAll(async () => {
    await spread?.drop();
    await cluster?.stop();
  });

  test('migrate says what it found', async () => {
    const dry = await spread.cli(['migrate', '--dry-run']);
    expect(dry.stderr).toMatch(
      /Citus \d+\.\d+-\d+, a coordinator and 2 workers \(127\.0\.0\.1:\d+, 127\.0\.0\.1:\d+\)/,
    );
    const { stderr } = await spread.ok(['migrate']);
    expect(stderr).toContain(
      'public.taps is distributed by id over 8 shards, public.users is a reference table',
    );
    expect(stderr).toContain('The schema gamification stays on the coordinator');
  });

  test('capture on and follow are refused with the reason and what to do', async () => {
    const capture = await spread.cli(['capture', 'on']);
    expect([capture.code, capture.stderr]).toEqual([
      2,
      expect.stringContaining('Citus runs no triggers there'),
    ]);
    expect(capture.stderr).toContain('arc-gam etl --lookback DAYS');
    const follow = await spread.cli(['follow', '--once']);
    expect([follow.code, follow.stderr]).toEqual([2, expect.stringContaining('arc-gam etl --date TODAY')]);
  });

  test('backfill, batches, nights, edits and a dry run: every table as on plain Postgres', async () => {
    const { client } = spread;
    await spread.ok(['backfill', '--to', '2025-12-28', '--batch-days', '4'], environment);
    expect(await spread.unlikePlain(zone)).toEqual([]);
    await spread.ok(['backfill', '--to', '2026-01-10'], environment);
    await client.query("delete from public.taps where time >= '2025-12-20' and time < '2025-12-20T05:00Z'");
    await client.query("update public.taps set time = '2025-12-14T08:00Z' where id in (7, 800, 1500)");
    await client.query('delete from public.users where id = $1', [userId(4)]);
    await client.query("insert into public.users (id, name) values ($1, 'found')", [userId(900)]);
    for (const day of ['2026-01-11', '2026-01-12']) {
      const dry = jsonLines(
        (await spread.ok(['etl', '--date', day, '--dry-run', '--json'], environment)).stdout,
      );
      expect(dry).toContainEqual(expect.objectContaining({ event: 'difference', table: 'pair_day' }));
      await spread.ok(['etl', '--date', day], environment);
    }
    await spread.ok(['etl', '--date', last], environment);
    expect(await spread.unlikePlain(zone)).toEqual([]);
    const again = await spread.ok(['etl', '--date', last], environment);
    expect(again.stdout).toContain('0 days');
  });

  test('no step of a batch asks the nodes: what one of them reads of the taps, all read', async () => {
    const settings = readSettings({ databaseUrl: spread.url }, environment);
    await spread.client.query('update public.taps set latitude = 10, longitude = 10 where id in (900, 1700)');
    const asking = new Map<string, boolean>();
    const nodesOf = (node: ExplainedNode): string[] => [
      node['Node Type'],
      ...(node.Plans ?? []).flatMap(nodesOf),
    ];
    await withDatabase(settings, 'test', (database) =>
      runPipeline(
        database,
        settings,
        { command: 'etl', to: last, always: true },
        quiet,
        // Citus can't explain the look at homes, which joins users with a temporary table.
        loadSteps().filter(({ file }) => !file.includes('/homes/')),
        ({ step, plan }) =>
          asking.set(step, asking.get(step) === true || nodesOf(plan).includes('Custom Scan')),
      ),
    );
    for (const step of ['batch_tap', 'batch_cell', 'pair_day_tap'])
      expect([step, asking.get(step)]).toEqual([step, false]);
    expect(await spread.unlikePlain(zone)).toEqual([]);
  });

  test('distribute prints where each table would be, and moves none', async () => {
    const dry = await spread.ok(['distribute', '--dry-run', '--json']);
    const placed = new Map(
      jsonLines(dry.stdout)
        .filter(({ event }) => event === 'placement')
        .map((row) => [row.table, `${row.placement} ${row.user_column ?? ''} ${row.copies}`.trim()]),
    );
    expect(placed.get('pair_day')).toBe('distributed u1_key 2');
    expect(placed.get('user_streaks')).toBe('distributed user_id 1');
    expect(placed.get('activity_run')).toBe('distributed user_key 1');
    expect(placed.get('user_key')).toBe('reference  3');
    expect(placed.get('processed_day')).toBe('local  1');
    const { rows } = await spread.client.query(
      "select tablename as name from pg_tables where schemaname = 'gamification'",
    );
    expect([...placed.keys()].sort()).toEqual(rows.map(({ name }) => name).sort());
    const moving = await spread.cli(['distribute']);
    expect([moving.code, moving.stderr]).toEqual([
      2,
      expect.stringContaining('This version does not move the figures'),
    ]);
  });

  test('verify finds all equal, and what is spoilt; repair mends it', async () => {
    for (const args of [
      ['--full'],
      ['--sample', '40', '--seed', 'a'],
      ['--sample', '12', '--seed', 'b'],
      ['--user', userId(2)],
    ])
      expect((await spread.ok(['verify', ...args], environment)).stdout).toContain('All equal');
    await spread.client.query(
      'update gamification.user_streaks set longest_streak_days = longest_streak_days + 1 where user_id = $1',
      [userId(2)],
    );
    await spread.client.query(
      'delete from gamification.pair_day_tap where (u1_key, u2_key, day) in (select u1_key, u2_key, day from gamification.pair_day_tap limit 1)',
    );
    const wrong = await spread.cli(['verify', '--full'], environment);
    expect([wrong.code, wrong.stdout]).toEqual([3, expect.stringMatching(/✗ pair_day_tap.*✗ user_streaks/s)]);
    await spread.cli(['verify', '--full', '--repair'], environment);
    await spread.ok(['verify', '--full'], environment);
    expect(await spread.unlikePlain(zone)).toEqual([]);
  });

  test('everything that reads answers', async () => {
    const { rows } = await spread.client.query<{ u1: string; u2: string; quest: string }>(
      `select u1, u2, (select slug from gamification.quest_definitions limit 1) as quest from gamification.edge_strength limit 1`,
    );
    const { u1 = '', u2 = '', quest = '' } = rows[0] ?? {};
    for (const args of [
      ['why', 'streak', '--user', u1],
      ['why', 'day', '--user', u1],
      ['why', 'week', '--user', u1],
      ['why', 'rank', '--user', u1],
      ['why', 'quest', '--user', u1],
      ['why', 'edge', '--user', u1, '--other', u2],
    ])
      expect((await spread.ok(args, environment)).stdout, `${args.join(' ')} ${quest}`).toContain('✓');
    // 3: the figures of last winter are behind today.
    const status = await spread.cli(['status'], environment);
    expect([status.code, status.stdout]).toEqual([3, expect.stringContaining('source     ')]);
    for (const args of [
      ['status', '--indexes'],
      ['metrics'],
      ['quests'],
      ['grants'],
      ['migrate', 'status'],
      ['step', 'pair_day'],
      ['init', '--dry-run'],
    ])
      await spread.ok(args, environment);
  });

  test('serve answers every question as it does on plain Postgres', async () => {
    // Also of the last hours, which are read from the taps themselves.
    await spread.client.query(
      `insert into public.taps (id1, id2, time, latitude, longitude)
       select $1::uuid, $2::uuid, now() - n * interval '13 minutes', 52.5, 13.4 from generate_series(1, 9) as n`,
      [userId(2), userId(5)],
    );
    await copyToPlain(spread.client);
    const ask = async (settings: NodeJS.ProcessEnv) => {
      const server = startCli(['serve', '--port', '0', '--json'], {
        DATABASE_URL: spread.url,
        ARC_GAM_MOCK: 'off',
        ...environment,
        ...settings,
      });
      let output = '';
      server.child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      server.child.stderr.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      try {
        for (let attempt = 0; !/127\.0\.0\.1:\d+/.test(output) && attempt < 200; attempt += 1)
          await sleep(50);
        const address = /127\.0\.0\.1:\d+/.exec(output)?.[0];
        const answers: Record<string, unknown> = {};
        for (const user of [1, 2, 5])
          for (const question of ['weekly', 'quests', 'radar?hours=24', 'health']) {
            const path = `/api/community/${question}${question.includes('?') ? '&' : '?'}user_id=${userId(user)}&tz=Asia/Tokyo`;
            const response = await fetch(`http://${address}${path}`);
            const {
              meta: _,
              generated_at: __,
              window: ___,
              ...body
            } = (await response.json()) as Record<string, unknown>;
            answers[`${response.status} ${path}`] = body;
          }
        return answers;
      } finally {
        server.child.kill('SIGTERM');
        await server.ended;
      }
    };
    const answers = await ask({});
    expect(Object.keys(answers).filter((path) => path.startsWith('200'))).toHaveLength(12);
    expect(answers).toEqual(await ask({ ...plainSource, ARC_GAM_SCHEMA: 'plain' }));
  });
});
