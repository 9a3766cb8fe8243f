import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../src/config.js';
import { withDatabase } from '../../src/db/database.js';
import type { Wishes } from '../../src/pipeline/request.js';
import { runPipeline } from '../../src/pipeline/run.js';
import { jsonLines, startCli } from '../command/cli.js';
import { quiet } from '../prove/world.js';
import { userId } from '../server/database.js';
import { definitionsOf } from '../server/definitions.js';
import { describeUnless } from '../server/lacking.js';
import { type Cluster, findCitus, startCluster } from './cluster.js';
import {
  answersOf,
  copyToPlain,
  createSpread,
  fillWinter,
  plainSource,
  type Serving,
  type SpreadApplication,
  startServing,
  tapNow,
} from './spread.js';

const found = findCitus();
const missing = 'missing' in found ? found.missing : null;

const zone = 'America/St_Johns';
const environment = { ARC_GAM_TZ: zone };
const last = '2026-01-20';

/** How many tables of ours are where, as the cluster's metadata says. */
const placed = async (client: pg.ClientBase): Promise<Record<string, number>> => {
  const { rows } = await client.query<{ placement: string; tables: number }>(
    `select case when partmethod = 'h' then 'distributed' when repmodel = 't' then 'reference' else 'other' end as placement,
       count(*)::integer as tables
     from pg_dist_partition
     where logicalrelid::regclass::text like 'gamification.%'
       and logicalrelid::regclass::text !~ '(figure_shard|_copy)$'
     group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map(({ placement, tables }) => [placement, tables]));
};

describeUnless(missing)('figures on a cluster', () => {
  let cluster: Cluster;
  let spread: SpreadApplication;
  /** A server that was there before the figures were spread. */
  let early: Serving;
  /** Of the schema before the figures were spread. */
  let defined: string[];
  beforeAll(async () => {
    cluster = await startCluster();
    spread = await createSpread(cluster, 'spread');
    await fillWinter(spread.client);
    await spread.ok(['migrate']);
    await spread.ok(['backfill', '--to', '2025-12-20', '--batch-days', '4'], environment);
    early = await startServing(spread, environment);
    await early.answers();
    await spread.client.query('create role somebody');
    await spread.client.query(
      'grant select on gamification.pair, gamification.friend to somebody with grant option; grant select (user_id) on gamification.user_streaks to somebody',
    );
    defined = await definitionsOf(spread.client, 'gamification');
  });
  afterAll(async () => {
    await early?.stop();
    await spread?.drop();
    await cluster?.stop();
  });

  test('distribute prints where each table is and would be, and --dry-run moves none', async () => {
    const dry = await spread.ok(['distribute', '--dry-run', '--json']);
    const rows = jsonLines(dry.stdout).filter(({ event }) => event === 'placement');
    const words = new Map(
      rows.map((row) => [
        row.table,
        `${row.now} ${row.placement} ${row.user_column ?? ''} ${row.copies}`.replace('  ', ' '),
      ]),
    );
    expect(words.get('pair_day')).toBe('local distributed u1_key 2');
    expect(words.get('user_streaks')).toBe('local distributed user_id 1');
    expect(words.get('user_key')).toBe('local reference 3');
    expect(words.get('processed_day')).toBe('local local 1');
    expect(words.get('frozen_cell')).toBe('local local 1');
    const { rows: tables } = await spread.client.query(
      "select tablename as name from pg_tables where schemaname = 'gamification'",
    );
    expect([...words.keys()].sort()).toEqual(tables.map(({ name }) => name).sort());
    // What is frozen could not be read at one moment.
    await spread.client.query(
      "insert into gamification.frozen_day (day, pair_day_digest, pair_day_tap_digest, frozen_cell_digest) values ('2025-12-10', 0, 0, 0)",
    );
    const frozen = await spread.cli(['distribute']);
    expect([frozen.code, frozen.stderr]).toEqual([2, expect.stringMatching(/are frozen, .* arc-gam thaw/)]);
    await spread.client.query('delete from gamification.frozen_day');
    expect(dry.stdout).toMatch(/16 of \d+ tables would leave the coordinator, .* Nothing was changed/);
    expect(await placed(spread.client)).toEqual({});
  });

  test('distribute that is killed leaves whole tables, the next one goes on; then there is nothing to do', async () => {
    const killed = startCli(['distribute'], { DATABASE_URL: spread.url });
    while (Object.keys(await placed(spread.client)).length === 0 && killed.child.exitCode === null)
      await sleep(5);
    killed.child.kill('SIGKILL');
    await killed.ended;
    // The server needs a moment to see it.
    let moved = -1;
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const counts = Object.values(await placed(spread.client)).reduce((sum, count) => sum + count, 0);
      if (counts === moved) break;
      moved = counts;
      await sleep(300);
    }
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(16);
    const half = await spread.cli(['status']);
    expect(half.stdout).toMatch(/tables? of the figures (?:is|are) not where the others are: /);
    // Of tables of which some are moved no run knows what to write where.
    const refused = await spread.cli(['backfill', '--to', '2025-12-22'], environment);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/only some are spread over the nodes; .* Go on with: arc-gam distribute/),
    ]);
    const rest = jsonLines((await spread.ok(['distribute', '--json'])).stdout);
    expect(rest.find(({ event }) => event === 'distributed')?.tables).toHaveLength(16 - moved);
    expect(await placed(spread.client)).toEqual({ distributed: 13, reference: 3 });
    await spread.ok(['backfill', '--to', '2025-12-22'], environment);
    expect((await spread.cli(['status'])).stdout).toMatch(
      /verified +not since tables were moved; run: arc-gam verify --full/,
    );
    expect((await spread.ok(['distribute'])).stdout).toContain('All tables are where they should be already');
    expect((await spread.ok(['migrate'])).stderr).toContain(
      'Of the schema gamification, 16 tables are spread over the nodes',
    );
    expect(await spread.unlikePlain(zone)).toEqual([]);
    const status = await spread.cli(['status']);
    expect(status.stdout).toMatch(/figures +13 tables distributed, 3 on every node \(Citus 13/);
    expect(status.stdout).not.toContain('not where the others are');
  });

  test('backfill, nights, late, edited and deleted taps, an erased user, a dry run: every table as on plain Postgres', async () => {
    const { client } = spread;
    await spread.ok(['backfill', '--to', '2026-01-10', '--batch-days', '6'], environment);
    expect(await spread.unlikePlain(zone)).toEqual([]);
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
    expect(await spread.unlikePlain(zone)).toEqual([]);
    await client.query(
      `insert into public.taps (id1, id2, time, latitude, longitude)
       select $1, $2, '2025-12-11T12:00Z'::timestamptz + n * interval '3 days', 52.5, 13.4 from generate_series(0, 5) as n`,
      [userId(8), userId(21)],
    );
    await spread.ok(['etl', '--date', last], environment);
    expect(await spread.unlikePlain(zone)).toEqual([]);
    expect((await spread.ok(['etl', '--date', last], environment)).stdout).toContain('0 days');
    expect(await placed(client)).toEqual({ distributed: 13, reference: 3 });
  });

  test('a rebuild from nothing, and quests that change and go', async () => {
    const { client } = spread;
    await spread.ok(['backfill', '--rebuild', '--to', last], environment);
    expect(await spread.unlikePlain(zone)).toEqual([]);
    const { rows } = await client.query<{ quest_id: string }>(
      "select quest_id from gamification.quest_definitions where slug = 'daily-connector'",
    );
    const { rows: progress } = await client.query(
      'select 1 from gamification.user_quest_progress where quest_id = $1',
      [rows[0]?.quest_id],
    );
    expect(progress.length).toBeGreaterThan(0);
    await client.query('delete from gamification.quest_definitions where quest_id = $1', [rows[0]?.quest_id]);
    const { rows: gone } = await client.query(
      'select 1 from gamification.user_quest_progress where quest_id = $1',
      [rows[0]?.quest_id],
    );
    expect(gone).toEqual([]);
    await client.query(
      `update gamification.quest_definitions set requirements = '{"metric": "taps", "target": 3, "window": "week"}' where slug = 'consistency'`,
    );
    await spread.ok(['etl', '--date', last], environment);
    // The same definitions for plain Postgres.
    await client.query('delete from plain.quest_definitions');
    await client.query('insert into plain.quest_definitions select * from gamification.quest_definitions');
    expect(await spread.unlikePlain(zone)).toEqual([]);
  });

  test('tables of shards that are filled without their indexes have them again; one that is read just now keeps them', async () => {
    const workers = await Promise.all(
      [1, 2].map(async (worker) => {
        const client = new pg.Client({ connectionString: cluster.workerUrl(worker, 'spread') });
        await client.connect();
        return client;
      }),
    );
    const defined = () =>
      Promise.all(workers.map((worker) => definitionsOf(worker, 'gamification', { withShards: true })));
    const settings = readSettings({ databaseUrl: spread.url }, environment);
    const run = (wishes: Partial<Wishes>) =>
      withDatabase(settings, 'test', undefined, (opened) =>
        runPipeline(opened, settings, { command: 'test', to: last, manyRows: 1, ...wishes }, quiet),
      );
    try {
      const before = await defined();
      await run({ rebuild: true });
      expect(await spread.unlikePlain(zone)).toEqual([]);
      expect(await defined()).toEqual(before);

      await spread.client.query(`
        delete from gamification.user_week_activity;
        update gamification.derived_step set digest = 'another' where step = 'user_week_activity'`);
      await spread.client.query('begin; select count(*) from gamification.user_week_activity');
      await run({});
      await spread.client.query('commit');
      expect(await spread.unlikePlain(zone)).toEqual([]);
      expect(await defined()).toEqual(before);
    } finally {
      await Promise.all(workers.map((worker) => worker.end()));
    }
  });

  test('the graph is derived again for an upgrade, and in the same batch for new connections', async () => {
    await spread.client.query(
      "update gamification.derived_step set digest = 'another' where step in ('friend_list', 'second_degree')",
    );
    for (const other of [24, 27, 29, 30])
      await spread.client.query(
        "insert into public.taps (id1, id2, time) values ($1::uuid, $2::uuid, '2026-01-19T12:00Z')",
        [userId(2), userId(other)],
      );
    await spread.ok(['etl', '--date', last], environment);
    expect(await spread.unlikePlain(zone)).toEqual([]);
  });

  test('verify finds all equal, and what is spoilt; repair mends it', async () => {
    const { client } = spread;
    for (const args of [
      ['--full'],
      ['--sample', '12', '--seed', 'b'],
      ['--user', userId(2)],
      ['--date', '2026-01-05'],
    ])
      expect((await spread.ok(['verify', ...args], environment)).stdout, args.join(' ')).toContain(
        'All equal',
      );
    for (const [, spoil] of spoiling) expect((await client.query(spoil)).rowCount, spoil).toBeGreaterThan(0);
    const wrong = await spread.cli(['verify', '--full'], environment);
    expect(wrong.code).toBe(3);
    for (const [table] of spoiling) expect(wrong.stdout).toMatch(new RegExp(`✗ ${table} `));
    const verified = async () => (await spread.cli(['status'])).stdout.match(/^verified .*$/m)?.[0];
    const unequal = (await verified())?.split('not equal: ')[1]?.split(', ') ?? [];
    expect(unequal.sort()).toEqual(
      expect.arrayContaining([...new Set(spoiling.map(([table]) => table))].sort()),
    );
    await spread.cli(['verify', '--full', '--repair'], environment);
    expect((await spread.ok(['verify', '--full'], environment)).stdout).toContain('All equal');
    const whole = await verified();
    expect(whole).toMatch(/in full, \d{4}-\d\d-\d\d \d\d:\d\d UTC: \d+ tables equal to the source$/);
    // What was looked at in part says nothing of the rest.
    await spread.ok(['verify', '--full', '--table', 'friend_list'], environment);
    expect(await verified()).toBe(whole);
    expect(await spread.unlikePlain(zone)).toEqual([]);
  });

  test('who copies the figures and who writes them wait for each other, longer than for any other lock', async () => {
    const { client } = spread;
    const isWaiting = (lock: string) =>
      expect
        .poll(
          async () => (await client.query(`select from pg_locks where ${lock} and not granted`)).rowCount,
          {
            timeout: 60_000,
          },
        )
        .toBe(1);
    const impatient = { ...environment, ARC_GAM_LOCK_TIMEOUT_MS: '1000' };
    /** Stops `first` at a table, sees `second` wait for it, and lets both go on. */
    const expectWaiting = async (
      table: string,
      first: () => Promise<unknown>,
      second: () => Promise<unknown>,
    ): Promise<void> => {
      await client.query(`begin; lock table gamification.${table} in access exclusive mode`);
      const one = first();
      await isWaiting(`relation = 'gamification.${table}'::regclass`);
      const other = second();
      await isWaiting("locktype = 'advisory'");
      await sleep(2_000);
      await client.query('commit');
      await Promise.all([one, other]);
    };
    const tap = () =>
      client.query(
        "insert into public.taps (id1, id2, time, latitude, longitude) values ($1, $2, '2026-01-05T10:00Z', 52.5, 13.4)",
        [userId(1), userId(2)],
      );
    const night = (given: NodeJS.ProcessEnv) => spread.ok(['etl', '--date', last], given);
    const verify = (given: NodeJS.ProcessEnv) =>
      spread.ok(['verify', '--user', userId(2), '--stale-ok'], given);
    const other = new pg.Client({ connectionString: spread.url });
    other.on('error', () => undefined);
    await other.connect();
    await tap();
    await expectWaiting(
      'surge_hour',
      () => night(environment),
      () => verify(impatient),
    );
    await tap();
    await expectWaiting(
      'user_streaks',
      () => verify(environment),
      () => night(impatient),
    );
    await expectWaiting(
      'user_streaks',
      () => verify(environment),
      () => other.query('delete from gamification.quest_definitions where false'),
    );
    await other.end();
    expect(await spread.unlikePlain(zone)).toEqual([]);
  });

  test('everything that reads answers, and serve as on plain Postgres', async () => {
    const { rows } = await spread.client.query<{ u1: string; u2: string }>(
      'select u1, u2 from gamification.edge_strength order by u1, u2 limit 1',
    );
    const { u1 = '', u2 = '' } = rows[0] ?? {};
    const plain = { ...environment, ...plainSource, ARC_GAM_SCHEMA: 'plain' };
    for (const args of [
      ['why', 'streak', '--user', u1],
      ['why', 'day', '--user', u1],
      ['why', 'week', '--user', u1],
      ['why', 'rank', '--user', u1],
      ['why', 'quest', '--user', u1],
      ['why', 'edge', '--user', u1, '--other', u2],
      ['why', 'rank', '--user', u2, '--date', '2026-01-02'],
      ['why', 'quest', '--user', u2, '--date', '2026-01-02'],
    ]) {
      const { stdout } = await spread.ok(args, environment);
      if (!args.includes('--date')) expect(stdout, args.join(' ')).toContain('✓');
      // What it copies of the tables is as good as all of them.
      expect(stdout, args.join(' ')).toBe((await spread.ok(args, plain)).stdout);
    }
    for (const args of [
      ['status', '--indexes'],
      ['metrics'],
      ['quests'],
      ['grants'],
      ['migrate', 'status'],
      ['step', 'pair_day'],
    ])
      expect((await spread.cli(args, environment)).code, args.join(' ')).toBeLessThanOrEqual(3);
    await tapNow(spread.client);
    await copyToPlain(spread.client);
    // Of both in the same hour, which is what the radar begins with.
    const leftMs = 3_600_000 - (Date.now() % 3_600_000);
    if (leftMs < 120_000) await sleep(leftMs + 1_000);
    const answers = await answersOf(spread, environment);
    expect(Object.keys(answers).filter((path) => path.startsWith('200'))).toHaveLength(12);
    expect(answers).toEqual(await answersOf(spread, plain));
    // It remembers names and the like for a minute.
    await expect.poll(() => early.answers(), { timeout: 75_000, interval: 2_000 }).toEqual(answers);
  });

  test('taps that come all the time while batches read are late taps, never lost', async () => {
    const writer = new pg.Client({ connectionString: spread.url });
    await writer.connect();
    let isWriting = true;
    let written = 0;
    const writing = (async () => {
      while (isWriting) {
        await writer.query(
          `insert into public.taps (id1, id2, time, latitude, longitude)
           select $1, $2, '2026-01-14T00:00Z'::timestamptz + random() * interval '6 days', 47.5, 8.7 from generate_series(1, 8)`,
          [userId(1 + (written % 3)), userId(10 + (written % 2))],
        );
        written += 8;
      }
    })();
    try {
      for (let round = 0; round < 3; round += 1) {
        const before = written;
        await spread.ok(['etl', '--date', last, '--lookback', '8'], environment);
        expect(written).toBeGreaterThan(before);
        const verified = await spread.cli(['verify', '--full', '--stale-ok'], environment);
        // What came since is a day to derive again, and nothing else is wrong.
        expect([verified.code, verified.stdout]).toEqual([
          0,
          expect.not.stringMatching(/✗ (?!processed_day)/),
        ]);
      }
    } finally {
      isWriting = false;
      await writing.catch(() => undefined);
      await writer.end();
    }
    await spread.ok(['etl', '--date', last], environment);
    expect(await spread.unlikePlain(zone)).toEqual([]);
  });

  test('migrations go on with distributed tables; a table that one of them makes is moved by the next distribute', async () => {
    const { client } = spread;
    // Down to before the one that makes friend_list.
    const isMade = "select from pg_tables where schemaname = 'gamification' and tablename = 'friend_list'";
    while ((await client.query(isMade)).rowCount === 1) await spread.ok(['migrate', 'down']);
    await spread.ok(['migrate']);
    expect(await placed(client)).toEqual({ distributed: 13, reference: 2 });
    const status = await spread.cli(['status'], environment);
    expect(status.stdout).toMatch(/1 table of the figures is not where the others are: friend_list/);
    const refused = await spread.cli(['etl', '--date', last], environment);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('one table is not where the others expect it (friend_list)'),
    ]);
    await spread.ok(['distribute']);
    expect(await placed(client)).toEqual({ distributed: 13, reference: 3 });
    await spread.ok(['etl', '--date', last], environment);
    await spread.ok(['verify', '--full'], environment);
  });

  test('freeze, thaw, capture and follow are refused or have nothing to do', async () => {
    for (const [args, code, words] of [
      [['freeze', '--before', '2026-01-01'], 2, 'spread over the nodes of a Citus cluster'],
      [['capture', 'on'], 2, 'Citus runs no triggers there'],
      [['follow', '--once'], 2, 'Citus runs no triggers there'],
    ] as const) {
      const refused = await spread.cli(args, environment);
      expect([refused.code, refused.stderr], args.join(' ')).toEqual([code, expect.stringContaining(words)]);
    }
    expect((await spread.ok(['thaw'], environment)).stdout).toContain('nothing to thaw');
  });

  test('a worker that is down at the start, or goes in the middle of a batch; the next run goes on', async () => {
    await spread.client.query('update public.taps set latitude = 10 where id % 3 = 0');
    const before = await spread.client.query('select * from gamification.processed_day order by day');
    // The run is in the middle of its batch when it waits for a table that somebody else has locked.
    const other = new pg.Client({ connectionString: spread.url });
    await other.connect();
    await other.query('begin; lock table gamification.area_hour in exclusive mode');
    const run = startCli(['etl', '--date', last], { DATABASE_URL: spread.url, ...environment });
    const isWaiting =
      "select from pg_locks where relation = 'gamification.area_hour'::regclass and not granted";
    while ((await spread.client.query(isWaiting)).rowCount === 0 && run.child.exitCode === null)
      await sleep(20);
    await cluster.stopWorker(1);
    await other.query('rollback');
    await other.end();
    const ended = await run.ended;
    expect([ended.code, ended.stderr]).toEqual([
      5,
      expect.stringMatching(/(?:node|Node) .*(?:went away|does not answer)/),
    ]);
    for (const args of [
      ['etl', '--date', last],
      ['verify', '--full'],
      ['distribute', '--undo'],
      ['distribute'],
    ]) {
      const refused = await spread.cli(args, environment);
      expect([refused.code, refused.stderr], args.join(' ')).toEqual([
        5,
        expect.stringMatching(/The node 127\.0\.0\.1:\d+ of the cluster does not answer/),
      ]);
    }
    expect((await spread.client.query('select * from gamification.processed_day order by day')).rows).toEqual(
      before.rows,
    );
    await cluster.startWorker(1);
    await spread.ok(['etl', '--date', last], environment);
    expect(await spread.unlikePlain(zone)).toEqual([]);
  });

  test('--undo fetches every table back as it was, with its rows, comments and privileges', async () => {
    const { client } = spread;
    const before = await definitionsOf(client, 'gamification');
    const killed = startCli(['distribute', '--undo'], { DATABASE_URL: spread.url });
    while ((await placed(client)).distributed === 13 && killed.child.exitCode === null) await sleep(5);
    killed.child.kill('SIGKILL');
    await killed.ended;
    await spread.ok(['distribute', '--undo', '--wait', '20']);
    expect(await placed(client)).toEqual({});
    expect(await definitionsOf(client, 'gamification')).toEqual(defined);
    // What plain Postgres has after migrate.
    const { rows: functions } = await client.query<{ here: string; there: string }>(
      `select pg_get_functiondef('gamification.forget_quest'::regproc) as here,
         replace(pg_get_functiondef('plain.forget_quest'::regproc), 'plain', 'gamification') as there`,
    );
    expect(functions[0]?.here).toBe(functions[0]?.there);
    expect((await spread.ok(['distribute', '--undo'])).stdout).toContain('on the coordinator already');
    expect(await spread.unlikePlain(zone)).toEqual([]);
    await spread.ok(['distribute']);
    expect(await definitionsOf(client, 'gamification')).toEqual(before);
    expect(await spread.unlikePlain(zone)).toEqual([]);
    await client.query('drop owned by somebody; drop role somebody');
  });
});

/** A row that is made wrong in each kind of table, and the table that verify accuses. */
const spoiling: readonly (readonly [table: string, sql: string])[] = [
  [
    'figure_shard',
    'update gamification.pair_day_copy set tap_count = tap_count + 1 where (u1_key, u2_key, day) in (select u1_key, u2_key, day from gamification.pair_day_copy order by 1, 2, 3 limit 1)',
  ],
  [
    'figure_shard',
    'delete from gamification.pair_copy where (u1_key, u2_key) in (select u1_key, u2_key from gamification.pair_copy order by 1, 2 limit 1)',
  ],
  [
    'figure_shard',
    `insert into gamification.activity_run (user_key, started_on, ended_on, shard)
     select user_key.user_key, date '2025-12-11', date '2025-12-11', figure_shard.shard
     from gamification.user_key
     join gamification.figure_shard on figure_shard.shard <> gamification.shard_of(user_key.user_id)
     order by 1, 4 limit 1`,
  ],
  ['user_streaks', 'update gamification.user_streaks set longest_streak_days = longest_streak_days + 1'],
  [
    'pair_day_tap',
    'delete from gamification.pair_day_tap where (u1_key, u2_key, day) in (select u1_key, u2_key, day from gamification.pair_day_tap order by 1, 2, 3 limit 1)',
  ],
  [
    'connection',
    'update gamification.pair set tap_count = tap_count + 1 where (u1_key, u2_key) in (select u1_key, u2_key from gamification.pair order by 1, 2 limit 1)',
  ],
  ['second_degree', 'update gamification.second_degree set second_degree_count = second_degree_count + 1'],
  ['friend_list', "update gamification.friend_list set friends = friends || '\\x0000000100000001'"],
  [
    'edge_strength',
    'delete from gamification.edge_strength where (u1, u2) in (select u1, u2 from gamification.edge_strength order by 1, 2 limit 1)',
  ],
  [
    'home_location_struct',
    "update gamification.home_location_struct set city = 'Nowhere' where city is not null",
  ],
  [
    'weekly_leaderboard',
    'update gamification.weekly_leaderboard set connectors_rank = connectors_rank + 1 where connectors_rank = 1',
  ],
];
