import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../src/config.js';
import { withDatabase } from '../../src/db/database.js';
import type { ExplainedNode } from '../../src/pipeline/batch.js';
import { loadSteps } from '../../src/pipeline/order.js';
import { runPipeline } from '../../src/pipeline/run.js';
import { jsonLines } from '../command/cli.js';
import { quiet } from '../prove/world.js';
import { userId } from '../server/database.js';
import { describeUnless } from '../server/lacking.js';
import { type Cluster, findCitus, startCluster } from './cluster.js';
import {
  answersOf,
  copyToPlain,
  createSpread,
  fillWinter,
  plainSource,
  type SpreadApplication,
  tapNow,
} from './spread.js';

const found = findCitus();
const missing = 'missing' in found ? found.missing : null;

const zone = 'America/St_Johns';
const environment = { ARC_GAM_TZ: zone };
const last = '2026-01-20';

describeUnless(missing)('taps on a cluster, figures on its coordinator', () => {
  let cluster: Cluster;
  let spread: SpreadApplication;
  beforeAll(async () => {
    cluster = await startCluster();
    spread = await createSpread(cluster, 'spread');
    await fillWinter(spread.client);
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
      'public.taps is distributed by id over 4 shards, public.users is a reference table',
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
    await withDatabase(settings, 'test', undefined, (database) =>
      runPipeline(
        database,
        settings,
        {
          command: 'etl',
          to: last,
          always: true,
          // Citus can't explain the look at homes, which joins users with a temporary table.
          steps: loadSteps().filter(({ file }) => !file.includes('/homes/')),
          onPlan: ({ step, plan }) =>
            asking.set(step, asking.get(step) === true || nodesOf(plan).includes('Custom Scan')),
        },
        quiet,
      ),
    );
    for (const step of ['batch_tap', 'batch_cell', 'pair_day_tap'])
      expect([step, asking.get(step)]).toEqual([step, false]);
    expect(await spread.unlikePlain(zone)).toEqual([]);
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
    await tapNow(spread.client);
    await copyToPlain(spread.client);
    const answers = await answersOf(spread, environment);
    expect(Object.keys(answers).filter((path) => path.startsWith('200'))).toHaveLength(12);
    expect(answers).toEqual(
      await answersOf(spread, { ...environment, ...plainSource, ARC_GAM_SCHEMA: 'plain' }),
    );
  });
});
