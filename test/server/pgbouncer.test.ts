import pg from 'pg';
import { afterAll, beforeAll, expect } from 'vitest';
import { runCli, startCli } from '../command/cli.js';
import { type Bouncer, hasBouncer, startBouncer } from './bouncer.js';
import { addTap, addUsers, createDatabase, type TestDatabase } from './database.js';
import { testUnless } from './lacking.js';

const throughBouncer = testUnless(
  hasBouncer ? null : 'PgBouncer is not installed (Debian: apt-get install pgbouncer)',
);
let database: TestDatabase;
let bouncer: Bouncer;
let url: string;
const through = (args: readonly string[]) => runCli(args, { DATABASE_URL: url });

/** Of this database's: the other test files hold locks of theirs on the same server meanwhile. */
const runLockIsHeld = `locks.locktype = 'advisory' and locks.granted
  and locks.database = (select oid from pg_database where datname = current_database())`;

beforeAll(async () => {
  if (!hasBouncer) return;
  database = await createDatabase({ empty: true });
  await database.client.query(`
    create table public.users (id uuid primary key, name text, home text);
    create table public.taps (
      id uuid primary key default gen_random_uuid(), id1 uuid, id2 uuid, time timestamptz,
      latitude double precision, longitude double precision
    );`);
  bouncer = await startBouncer(database.url);
  url = bouncer.through(database.url);
});

afterAll(async () => {
  if (!hasBouncer) return;
  bouncer.stop();
  await database.drop();
});

throughBouncer(
  'migrate, backfill and etl work in transaction mode and leave no setting on a pooled connection',
  async () => {
    expect(await through(['migrate'])).toMatchObject({ code: 0, stderr: expect.stringContaining('index') });
    await addUsers(database, 1, 2, 3);
    await addTap(database, 1, 2, '2026-01-01T10:00Z');
    await addTap(database, 2, 3, '2026-01-02T10:00Z');
    expect(await through(['backfill', '--to', '2026-01-02', '--batch-days', '1'])).toMatchObject({ code: 0 });
    expect(await through(['etl', '--date', '2026-01-04'])).toMatchObject({ code: 0 });
    expect(await database.rows('select count(*) from gamification.user_day_activity')).toEqual([
      { count: '4' },
    ]);
    // Several at once: each pooled server connection that a run of ours has used is looked at.
    const clients = Array.from({ length: 5 }, () => new pg.Client({ connectionString: url }));
    for (const client of clients) await client.connect();
    const settings = await Promise.all(
      clients.map(async (client) => {
        await client.query('begin');
        const { rows } = await client.query(
          "select current_setting('search_path') as path, current_setting('lock_timeout') as lock_timeout, current_setting('statement_timeout') as statement_timeout, count(*)::int as locks from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()",
        );
        return rows[0];
      }),
    );
    for (const client of clients) await client.end();
    expect(settings).toEqual(
      clients.map(() => ({ path: '"$user", public', lock_timeout: '0', statement_timeout: '0', locks: 0 })),
    );
    expect(await through(['migrate', 'down', '--all'])).toMatchObject({ code: 0 });
    expect(await through(['migrate'])).toMatchObject({ code: 0 });
  },
);

throughBouncer('a second run meets the lock through it too', async () => {
  const blocker = new pg.Client({ connectionString: database.url });
  await blocker.connect();
  await blocker.query('begin; lock table gamification.processed_day in exclusive mode');
  const first = startCli(['etl', '--date', '2026-01-05'], {
    DATABASE_URL: url,
    ARC_GAM_LOCK_TIMEOUT_MS: '60000',
  });
  for (;;) {
    const held = await database.rows(`select 1 from pg_locks as locks where ${runLockIsHeld}`);
    if (held.length > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const second = await through(['etl', '--date', '2026-01-05']);
  await blocker.end();
  expect(second).toMatchObject({ code: 4 });
  expect(second.stderr).toContain('Another run holds the lock');
  expect(await first.ended).toMatchObject({ code: 0 });
});

throughBouncer(
  'when the connection that holds the lock dies in mid-run, two runs still never write at once',
  async () => {
    await database.client.query(
      `insert into public.taps (id1, id2, time)
       select least(one.id, other.id), greatest(one.id, other.id), timestamptz '2026-01-01 12:00Z' + day * interval '1 day'
       from public.users as one cross join public.users as other cross join generate_series(0, 29) as days (day)
       where one.id < other.id`,
    );
    const first = startCli(['backfill', '--to', '2026-02-10', '--batch-days', '1'], { DATABASE_URL: url });
    let killed = 0;
    while (killed === 0) {
      const rows = await database.rows(
        `select pg_terminate_backend(locks.pid) from pg_locks as locks
         where ${runLockIsHeld} and exists (select from gamification.run where state = 'running')`,
      );
      killed = rows.length;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const second = await through(['backfill', '--to', '2026-02-10', '--batch-days', '2', '--wait', '60']);
    // Whoever finds the lock taken says so; whoever has it goes on.
    expect([second.code, (await first.ended).code].every((code) => code === 0 || code === 4)).toBe(true);
    expect(await through(['backfill', '--to', '2026-02-10', '--wait', '60'])).toMatchObject({ code: 0 });
    expect(await through(['verify', '--full'])).toMatchObject({ code: 0 });
  },
);

throughBouncer(
  'temporary tables that another client left on the pooled connections are not read',
  async () => {
    const clients = Array.from({ length: 5 }, () => new pg.Client({ connectionString: url }));
    for (const client of clients) {
      await client.connect();
      // Held until all five have theirs.
      await client.query('begin');
      for (const name of ['pair', 'pair_day', 'user_key'])
        await client.query(`create temp table ${name} (like gamification.${name} including all)`);
    }
    for (const client of clients) {
      await client.query('commit');
      await client.end();
    }
    await addTap(database, 1, 3, '2026-03-01T10:00Z');
    expect(await through(['etl', '--date', '2026-03-02'])).toMatchObject({ code: 0 });
    expect(await database.cli(['verify', '--full', '--stale-ok'])).toMatchObject({ code: 0 });
  },
);
