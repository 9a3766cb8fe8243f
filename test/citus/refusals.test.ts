import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requireUsable } from '../../src/citus/cluster.js';
import { runCli, startCli } from '../command/cli.js';
import { userId } from '../server/database.js';
import { describeUnless } from '../server/lacking.js';
import { type Cluster, findCitus, startCluster } from './cluster.js';
import { createSpread, type SpreadApplication } from './spread.js';

const found = findCitus();
const missing = 'missing' in found ? found.missing : null;

test('an older version is refused, but only where a table is spread', () => {
  const cluster = {
    version: '12.1-1',
    isCoordinator: true,
    nodes: [],
    placements: [
      {
        role: 'taps' as const,
        name: 'public.taps',
        placement: 'distributed' as const,
        distribution_column: 'id',
        shard_count: 8,
        missing_nodes: null,
      },
    ],
  };
  expect(() => requireUsable(cluster)).toThrow(/Citus 12\.1-1; .*alter extension citus update/);
  expect(() => requireUsable({ ...cluster, placements: [] })).not.toThrow();
});

describeUnless(missing)('a cluster that can not be worked with', () => {
  let cluster: Cluster;
  let spread: SpreadApplication;
  beforeAll(async () => {
    cluster = await startCluster();
    spread = await createSpread(cluster, 'spread');
    await spread.client.query(
      `insert into public.users (id, name) select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'u' || n
       from generate_series(1, 40) as n`,
    );
    await spread.ok(['migrate']);
  });
  afterAll(async () => {
    await spread?.drop();
    await cluster?.stop();
  });

  const query = async (url: string, ...texts: string[]): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      for (const text of texts) await client.query(text);
    } finally {
      await client.end();
    }
  };
  const taps =
    'create table public.taps (id uuid primary key, id1 uuid, id2 uuid, time timestamptz, latitude float8, longitude float8)';
  const users = 'create table public.users (id uuid primary key, name text, home text)';
  const migrate = (url: string) => runCli(['migrate'], { DATABASE_URL: url });

  test('tables that nobody spread are worked with as on plain Postgres', async () => {
    const url = await cluster.createDatabase('local');
    await query(url, taps, users);
    const migrated = await migrate(url);
    expect([migrated.code, migrated.stderr]).toEqual([
      0,
      expect.stringContaining('everything is as on plain Postgres'),
    ]);
    const moving = await runCli(['distribute'], { DATABASE_URL: url });
    expect([moving.code, moving.stderr]).toEqual([
      2,
      expect.stringMatching(
        /taps are on this server alone: spread them first\. Run: select create_reference_table/,
      ),
    ]);
    await cluster.dropDatabase('local');
  });

  test('users that are not on every node', async () => {
    const url = await cluster.createDatabase('misplaced');
    await query(url, taps, users, "select create_distributed_table('public.taps', 'id')");
    const local = await migrate(url);
    expect([local.code, local.stderr]).toEqual([
      2,
      expect.stringMatching(
        /public\.users is on the coordinator alone: .* Run: select create_reference_table\('public\.users'\);/,
      ),
    ]);
    await query(url, "select create_distributed_table('public.users', 'id', colocate_with => 'none')");
    const spreadUsers = await migrate(url);
    expect([spreadUsers.code, spreadUsers.stderr]).toEqual([
      2,
      expect.stringMatching(
        /public\.users is distributed by id: .* Run: select undistribute_table\('public\.users'\); select create_reference_table/,
      ),
    ]);
    // What it says to run is what mends it.
    await query(
      url,
      "select undistribute_table('public.users')",
      "select create_reference_table('public.users')",
    );
    expect((await migrate(url)).code).toBe(0);
    await cluster.dropDatabase('misplaced');
  });

  test('a coordinator that the metadata does not name, a node without its copy of the users, a worker as the server', async () => {
    const url = await cluster.createDatabase('halfway', { withoutCoordinator: true, workers: 1 });
    await query(
      url,
      taps,
      users,
      "select create_reference_table('public.users')",
      "select create_distributed_table('public.taps', 'id')",
    );
    const unnamed = await migrate(url);
    expect([unnamed.code, unnamed.stderr]).toEqual([
      1,
      expect.stringContaining("select citus_set_coordinator_host('HOST', PORT)"),
    ]);
    const port = new URL(url).port;
    await query(url, `select citus_set_coordinator_host('127.0.0.1', ${port})`);
    const lacking = await migrate(url);
    expect([lacking.code, lacking.stderr]).toEqual([
      1,
      expect.stringMatching(
        /127\.0\.0\.1:\d+ has no copy of public\.users, .*select replicate_reference_tables\('block_writes'\)/,
      ),
    ]);
    await query(url, "select replicate_reference_tables('block_writes')");
    expect((await migrate(url)).code).toBe(0);
    const onWorker = await migrate(cluster.workerUrl(1, 'halfway'));
    expect([onWorker.code, onWorker.stderr]).toEqual([
      2,
      expect.stringContaining('is a worker of the cluster'),
    ]);
    await cluster.dropDatabase('halfway');
  });

  test('a worker that is down at the start, or goes in the middle of a batch; the next run goes on', async () => {
    await spread.client.query(
      `insert into public.taps (id1, id2, time)
       select ('00000000-0000-4000-8000-' || lpad((1 + n % 37)::text, 12, '0'))::uuid,
         ('00000000-0000-4000-8000-' || lpad((1 + (n * 7) % 40)::text, 12, '0'))::uuid,
         '2026-01-01T00:00Z'::timestamptz + n * interval '1 minute'
       from generate_series(0, 40000) as n`,
    );
    const run = startCli(['backfill', '--to', '2026-01-28', '--batch-days', '2'], {
      DATABASE_URL: spread.url,
    });
    const batches = async () =>
      Number(
        (await spread.client.query('select count(*) as days from gamification.processed_day')).rows[0]
          ?.days ?? 0,
      );
    while ((await batches()) < 4) await sleep(20);
    await cluster.stopWorker(1);
    const ended = await run.ended;
    expect([ended.code, ended.stderr]).toEqual([
      5,
      expect.stringMatching(
        /A node of the Citus cluster went away \(.*\)\. What was committed stays; start it, then run the same command again/,
      ),
    ]);
    const kept = await batches();
    expect(kept % 2).toBe(0);
    for (const args of [
      ['backfill', '--to', '2026-01-28'],
      ['migrate'],
      ['etl', '--date', '2026-01-28', '--dry-run'],
    ]) {
      const refused = await spread.cli(args);
      expect([refused.code, refused.stderr], args.join(' ')).toEqual([
        5,
        expect.stringMatching(/The node 127\.0\.0\.1:\d+ of the cluster does not answer/),
      ]);
    }
    const verify = await spread.cli(['verify']);
    expect([verify.code, verify.stderr]).toEqual([
      5,
      expect.stringContaining('A node of the Citus cluster went away'),
    ]);
    expect(await batches()).toBe(kept);
    await cluster.startWorker(1);
    await spread.ok(['backfill', '--to', '2026-01-28', '--batch-days', '4']);
    expect(await batches()).toBe(28);
    expect(await spread.unlikePlain('UTC')).toEqual([]);
  });

  test('taps that come all the time while batches read: none is lost, and no table counts what another does not', async () => {
    const { client } = spread;
    const writer = new pg.Client({ connectionString: spread.url });
    await writer.connect();
    let isWriting = true;
    let written = 0;
    const writing = (async () => {
      while (isWriting) {
        // Many of few pairs on the same days: each day of a pair has taps between its first and its last.
        await writer.query(
          `insert into public.taps (id1, id2, time, latitude, longitude)
           select $1, $2, '2026-01-28T00:00Z'::timestamptz + random() * interval '3 days', 47.5, 8.7 from generate_series(1, 8)`,
          [userId(1 + (written % 3)), userId(10 + (written % 2))],
        );
        written += 8;
      }
    })();
    // A connection a shard: each has a snapshot of its own.
    try {
      await client.query('alter database spread set citus.force_max_query_parallelization = on');
      for (let round = 0; round < 4; round += 1) {
        const before = written;
        await spread.ok(['etl', '--date', '2026-01-30', '--lookback', '4']);
        expect(written).toBeGreaterThan(before);
        const { rows: torn } = await client.query(
          `select pair_day.day::text, pair_day.tap_count, cardinality(pair_day_tap.tapped_at) as between
         from gamification.pair_day
         left join gamification.pair_day_tap using (u1_key, u2_key, day)
         where greatest(pair_day.tap_count - 2, 0) <> coalesce(cardinality(pair_day_tap.tapped_at), 0)
         limit 3`,
        );
        expect(torn).toEqual([]);
        const { rows: places } = await client.query(
          `select day::text, sum(tap_count)::integer as located,
           (select sum(pair_day.tap_count) from gamification.pair_day where pair_day.day = area_hour.day)::integer as all
         from gamification.area_hour where day > '2026-01-28' group by day having sum(tap_count) <>
           (select sum(pair_day.tap_count) from gamification.pair_day where pair_day.day = area_hour.day)`,
        );
        expect(places).toEqual([]);
        // What came since it was read is a day to derive again, and nothing else is wrong.
        const verified = await spread.cli(['verify', '--full', '--stale-ok']);
        expect([verified.code, verified.stdout]).toEqual([0, expect.not.stringContaining('✗ pair')]);
      }
    } finally {
      isWriting = false;
      await writing.catch(() => undefined);
      await writer.end();
    }
    await spread.ok(['etl', '--date', '2026-01-30']);
    await spread.ok(['verify', '--full']);
    expect(await spread.unlikePlain('UTC')).toEqual([]);
  });
});
