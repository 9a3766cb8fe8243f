import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { jsonLines, startCli } from '../command/cli.js';
import {
  addTap,
  addUsers,
  createDatabase,
  filledOnce,
  type TestDatabase,
  userId,
} from '../server/database.js';
import { allFigures, type Figures } from './figures.js';

let database: TestDatabase;
/** Makes the history with all of its days processed, and an empty schema `twin`. */
let copyHistory: () => Promise<TestDatabase>;
beforeAll(async () => {
  copyHistory = await filledOnce(
    async (filled) => {
      database = filled;
      await addHistory();
      await filled.ok(['backfill', '--to', lastDay]);
    },
    { twin: true },
  );
});
afterEach(() => database.drop());

const days = 40;
const lastDay = '2025-03-31';

/** Twelve users who tap on forty days, from a fixed recipe. */
const addHistory = async (): Promise<void> => {
  await addUsers(database, ...Array.from({ length: 12 }, (_, index) => index + 1));
  await database.client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude)
     select ('00000000-0000-4000-8000-' || lpad((1 + (n * 7) % 12)::text, 12, '0'))::uuid,
       ('00000000-0000-4000-8000-' || lpad((1 + (n * n + n / 5) % 12)::text, 12, '0'))::uuid,
       $1::date - (n % $2::int) + (n * 37 % 1440) * interval '1 minute',
       case when n % 3 > 0 then 40.7 + n % 2 * 0.05 end, case when n % 3 > 0 then -74 end
     from generate_series(1, 600) as n`,
    [lastDay, days],
  );
};

type Tables = Map<string, Map<string, string>>;

/** What names a row: a private key as the user that it stands for, in the table of the keys, too. */
const keysOf = ({ table, keys }: Figures): readonly string[] => (table === 'user_key' ? ['user_id'] : keys);

/** Every row of every table that a run derives, by its key. */
const readTables = async (schema = 'gamification'): Promise<Tables> => {
  const tables: Tables = new Map();
  for (const figures of await allFigures(database.client, schema)) {
    const rows = await database.rows<{ key: string; row: string }>(
      `select concat_ws(' ', ${keysOf(figures).join(', ')}) as key, to_jsonb(figure)::text as row
       from (${figures.of(schema)}) as figure`,
    );
    tables.set(figures.table, new Map(rows.map(({ key, row }) => [key, row])));
  }
  return tables;
};

const difference = (before: Tables, after: Tables): string[] =>
  [...before.keys()].flatMap((table) => {
    const [one, other] = [before.get(table) ?? new Map(), after.get(table) ?? new Map()];
    const keys = new Set([...one.keys(), ...other.keys()]);
    return [...keys].filter((key) => one.get(key) !== other.get(key)).map((key) => `${table} ${key}`);
  });

/** Every kind of change at once. */
const changeEverything = async (): Promise<void> => {
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await addTap(database, 3, 12, '2025-02-10T08:00Z');
  await database.client.query(
    'update public.taps set id2 = $1 where id in (select id from public.taps order by time limit 3)',
    [userId(5)],
  );
  await database.client.query(
    "update public.taps set time = time + interval '3 days' where id in (select id from public.taps order by time offset 50 limit 3)",
  );
  await database.client.query(
    'delete from public.taps where id in (select id from public.taps order by time limit 5)',
  );
  await database.client.query('delete from public.users where id = $1', [userId(7)]);
};

test('a dry run writes nothing, and the run after it changes exactly the rows that it named', async () => {
  database = await createDatabase();
  await addHistory();
  await database.ok(['backfill', '--to', '2025-03-30']);
  await changeEverything();
  const before = await readTables();
  const people = await database.rows<{ user_key: string; user_id: string }>('select * from user_key');
  const idOf = new Map(people.map(({ user_key, user_id }) => [user_key, user_id]));
  const dry = await database.ok(['etl', '--date', lastDay, '--dry-run', '--diff', '--json']);
  expect(difference(before, await readTables())).toEqual([]);
  expect(await database.rows('select max(day)::text as day from processed_day')).toEqual([
    { day: '2025-03-30' },
  ]);
  const keys = new Map(
    (await allFigures(database.client, 'gamification')).map((figures) => [figures.table, keysOf(figures)]),
  );
  const named = jsonLines(dry.stdout)
    .filter(({ event }) => event === 'change')
    .map(({ table, key }) => {
      const values = key as Record<string, string>;
      const words = keys.get(String(table))?.map((column) => {
        const value = String(values[column]);
        return /^(user|u1|u2)_key$/.test(column) ? idOf.get(value) : value;
      });
      return `${table} ${words?.join(' ')}`;
    });
  await database.ok(['etl', '--date', lastDay]);
  expect(named.sort()).toEqual(difference(before, await readTables()).sort());
  expect(named.length).toBeGreaterThan(50);
});

test('capture finds what the digests find, and a second run writes no row', async () => {
  database = await copyHistory();
  await database.ok(['capture', 'on']);
  await database.ok(['etl', '--date', lastDay]);
  expect((await database.ok(['capture', 'status', '--json'])).stdout).toContain('"ready"');
  await changeEverything();
  const run = await database.ok(['etl', '--date', lastDay, '--explain', '--json']);
  const stale = jsonLines(run.stdout).filter(({ event }) => event === 'stale');
  expect(stale.length).toBeGreaterThan(3);
  const captured = await readTables();
  const before = await database.rows<{ id: string }>('select pg_current_xact_id()::text as id');
  await database.ok(['etl', '--date', lastDay]);
  for (const { name } of await database.rows<{ name: string }>(
    "select tablename as name from pg_tables where schemaname = 'gamification'",
  )) {
    const written = await database.rows(
      `select 1 from "${name}" where xmin::text::bigint > $1::bigint limit 1`,
      [before[0]?.id],
    );
    expect(written, `a second run wrote to ${name}`).toEqual([]);
  }
  await database.ok(['capture', 'off']);
  await database.ok(['etl', '--date', lastDay]);
  expect(difference(captured, await readTables())).toEqual([]);
  await database.ok(['backfill', '--to', lastDay, '--schema', 'twin']);
  expect(difference(captured, await readTables('twin'))).toEqual([]);
});

test('an added user makes the days on which they were a stranger stale, also with capture', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await addTap(database, 1, 3, '2025-03-02T08:00Z');
  await database.ok(['capture', 'on']);
  await database.ok(['etl', '--date', '2025-03-03']);
  await addUsers(database, 3);
  await database.ok(['etl', '--date', '2025-03-03']);
  expect(
    await database.rows('select day, tap_count from user_day_activity where user_id = $1', [userId(3)]),
  ).toEqual([{ day: '2025-03-02', tap_count: '1' }]);
});

test('who came to distance 2 before the first tap of the week is new in it', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2, 3);
  await addTap(database, 1, 2, '2025-02-20T08:00Z');
  await database.ok(['etl', '--date', '2025-03-02']);
  await addTap(database, 2, 3, '2025-03-03T08:00Z');
  await database.ok(['etl', '--date', '2025-03-03']);
  // Nobody's connections change any more: user 1 is only back.
  await addTap(database, 1, 2, '2025-03-04T08:00Z');
  await database.ok(['etl', '--date', '2025-03-04']);
  const weeks = () =>
    database.rows(
      'select iso_week, second_degree_count as count, second_degree_new_count as new from user_week_activity where user_id = $1 order by iso_week',
      [userId(1)],
    );
  expect(await weeks()).toEqual([
    { iso_week: '8', count: '0', new: '0' },
    { iso_week: '10', count: '1', new: '1' },
  ]);
  // A week later they are still there, and no longer new.
  await addTap(database, 1, 2, '2025-03-11T08:00Z');
  await database.ok(['etl', '--date', '2025-03-11']);
  expect((await weeks()).at(-1)).toEqual({ iso_week: '11', count: '1', new: '0' });
});

test('nights that only add connections end as a rebuild: who comes near, and who becomes a friend after it', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2, 3, 4, 5, 6, 7);
  // Sunday, then the nights of one week.
  for (const [one, other, day] of [
    [1, 2, '2025-03-09'],
    [2, 4, '2025-03-09'],
    [2, 3, '2025-03-10'], // 1 and 3, 4 and 3 come near
    [5, 6, '2025-03-10'],
    [1, 3, '2025-03-11'], // in the week in which they came near
    [1, 4, '2025-03-12'], // near since last week
    [4, 5, '2025-03-12'], // and over the new friend others at once
    [3, 6, '2025-03-13'],
    [7, 1, '2025-03-13'],
    [2, 5, '2025-03-14'],
  ] as const) {
    await addTap(database, one, other, `${day}T12:00Z`);
  }
  for (const day of ['09', '10', '11', '12', '13', '14'])
    await database.ok(['etl', '--date', `2025-03-${day}`]);
  const nightly = await readTables();
  const counts = () =>
    database.rows(
      'select user_id, week, second_degree_count, second_degree_new_count from second_degree join user_key using (user_key) order by 1',
    );
  const nightlyCounts = await counts();
  await database.ok(['backfill', '--rebuild', '--to', '2025-03-14']);
  expect(difference(nightly, await readTables())).toEqual([]);
  expect(nightlyCounts).toEqual(await counts());
});

test('a connection that moves into the running week is not one that was added in it', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2, 3);
  await addTap(database, 1, 2, '2025-03-03T12:00Z');
  await addTap(database, 2, 3, '2025-03-04T12:00Z');
  await addTap(database, 2, 3, '2025-03-11T12:00Z');
  await addTap(database, 1, 2, '2025-03-11T13:00Z');
  await database.ok(['backfill', '--to', '2025-03-11']);
  await database.client.query("delete from public.taps where time = '2025-03-04T12:00Z'");
  await database.ok(['etl', '--date', '2025-03-11']);
  expect(
    await database.rows(
      `select iso_week::int, second_degree_count, second_degree_new_count from user_week_activity
       where user_id = $1 order by 1`,
      [userId(1)],
    ),
  ).toEqual([
    { iso_week: '10', second_degree_count: '0', second_degree_new_count: '0' },
    { iso_week: '11', second_degree_count: '1', second_degree_new_count: '1' },
  ]);
});

test('a late tap that joins two runs moves the board of a week that was not touched', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  for (const day of ['2025-03-01', '2025-03-03', '2025-03-04']) {
    await addTap(database, 1, 2, `${day}T08:00Z`);
  }
  await database.ok(['etl', '--date', '2025-03-05']);
  await addTap(database, 1, 2, '2025-03-02T08:00Z');
  await database.ok(['etl', '--date', '2025-03-05']);
  expect(
    await database.rows(
      'select iso_week, streak_days from weekly_leaderboard where user_id = $1 order by 1',
      [userId(1)],
    ),
  ).toEqual([
    { iso_week: '9', streak_days: '2' },
    { iso_week: '10', streak_days: '4' },
  ]);
});

test('a stranger who takes the place of another is known when capture has to look for them', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await addTap(database, 1, 3, '2025-03-02T08:00Z');
  await database.ok(['etl', '--date', '2025-03-03']);
  // As many strangers as before, and no figure changes: only who they are.
  await database.client.query('update public.taps set id2 = $2 where id2 = $1', [userId(3), userId(4)]);
  await database.ok(['capture', 'on']);
  await database.ok(['etl', '--date', '2025-03-03']);
  await addUsers(database, 4);
  await database.ok(['etl', '--date', '2025-03-03']);
  expect(await database.rows('select day from user_day_activity where user_id = $1', [userId(4)])).toEqual([
    { day: '2025-03-02' },
  ]);
});

test('without capture too, whoever leaves or comes makes the days of their taps stale, and no other day', async () => {
  database = await createDatabase({ twin: true });
  await addUsers(database, 1, 2, 3);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  await addTap(database, 3, 2, '2025-03-02T08:00Z');
  await addTap(database, 1, 5, '2025-03-03T08:00Z');
  await addTap(database, 5, 6, '2025-03-04T08:00Z');
  await addTap(database, 2, 2, '2025-03-05T08:00Z');
  await addTap(database, 1, 3, '2025-03-06T08:00Z');
  const stale = async () => {
    const run = await database.ok(['etl', '--date', '2025-03-07', '--explain', '--json']);
    return jsonLines(run.stdout)
      .filter(({ event }) => event === 'stale')
      .map(({ day }) => day);
  };
  const erase = (user: number) =>
    database.client.query('delete from public.users where id = $1', [userId(user)]);
  const strangers = (schema: string) =>
    database.rows(`select day, user_hash, is_known from ${schema}.unknown_user_day order by day, user_hash`);
  await stale();
  expect(await stale()).toEqual([]);
  // Erased: the taps with 2 and 3 of before, and the one with 5 that was ignored already, where 1 is a stranger now.
  await erase(1);
  expect(await stale()).toEqual(['2025-03-01', '2025-03-03', '2025-03-06']);
  expect(await stale()).toEqual([]);
  await addUsers(database, 5);
  expect(await stale()).toEqual(['2025-03-03', '2025-03-04']);
  await addUsers(database, 6);
  await erase(2);
  expect(await stale()).toEqual(['2025-03-01', '2025-03-02', '2025-03-04']);
  await addUsers(database, 1);
  expect(await stale()).toEqual(['2025-03-01', '2025-03-03', '2025-03-06']);
  // As many taps as before, and a day whose only change is which reason a tap is ignored for.
  await database.client.query("update public.taps set id2 = null where time = '2025-03-05T08:00Z'");
  await database.client.query("update public.taps set id1 = $1 where time = '2025-03-06T08:00Z'", [
    userId(5),
  ]);
  expect(await stale()).toEqual(['2025-03-05', '2025-03-06']);
  expect(await stale()).toEqual([]);
  await database.ok(['backfill', '--from', '2025-03-01', '--to', '2025-03-07', '--schema', 'twin']);
  expect(difference(await readTables(), await readTables('twin'))).toEqual([]);
  expect(await strangers('twin')).toEqual(await strangers('gamification'));
});

test('a deleted first tap makes the next one the first, on a day that was not touched', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-01-10T08:00Z');
  await addTap(database, 1, 2, '2025-03-02T08:00Z');
  await database.ok(['etl', '--date', '2025-03-03']);
  await database.client.query("delete from public.taps where time < '2025-02-01'");
  await database.ok(['etl', '--date', '2025-03-03']);
  expect(
    await database.rows(
      'select day, first_degree_new_count as new from user_day_activity where user_id = $1',
      [userId(1)],
    ),
  ).toEqual([{ day: '2025-03-02', new: '1' }]);
  expect(
    await database.rows(
      'select iso_week, first_degree_new_count as new from user_week_activity where user_id = $1',
      [userId(1)],
    ),
  ).toEqual([{ iso_week: '9', new: '1' }]);
});

test('nothing of an erased user stays, whether their taps were deleted or left behind', async () => {
  database = await copyHistory();
  const gone = [userId(4), userId(6)];
  const keys = (
    await database.rows<{ key: string }>('select user_key as key from user_key where user_id = any ($1)', [
      gone,
    ])
  ).map(({ key }) => key);
  // What is looked for would be found.
  const before = await tracesOf(gone, keys);
  for (const column of ['pair.u1_key', 'pair_day.u2_key', 'area_hour.user_keys', 'friend_list.friends'])
    expect(before).toContain(column);
  await database.client.query('delete from public.users where id = $1', [userId(4)]);
  await database.client.query('delete from public.taps where $1 in (id1, id2)', [userId(6)]);
  await database.client.query('delete from public.users where id = $1', [userId(6)]);
  await database.ok(['etl', '--date', lastDay]);
  expect(await tracesOf(gone, keys)).toEqual([]);
});

/**
 * The columns that name one of the people: by their id anywhere in a row, or by their private key as a number, in an
 * array, or four bytes of eight in a packed list.
 */
const tracesOf = async (ids: readonly string[], keys: readonly string[]): Promise<string[]> => {
  const columns = await database.rows<{ name: string; column: string; type: string }>(
    `select relname as name, attname as column, atttypid::regtype::text as type
     from pg_class join pg_attribute on attrelid = pg_class.oid
     where relnamespace = 'gamification'::regnamespace and relkind = 'r' and relname !~ '^gazetteer' and attnum > 0
       and not attisdropped
     order by relname, attnum`,
  );
  const traces: string[] = [];
  for (const { name, column, type } of columns) {
    const isKey = /(^|_)keys?$/.test(column);
    const named = [
      `${column}::text like any (select '%' || id || '%' from unnest($1::text[]) as id)`,
      ...(isKey && type === 'integer' ? [`${column} = any ($2::int[])`] : []),
      ...(isKey && type === 'integer[]' ? [`${column} && $2::int[]`] : []),
      ...(type === 'bytea'
        ? [`exists (select 1 from friend_entry(${column}) as entry where entry.friend_key = any ($2::int[]))`]
        : []),
    ];
    const [found] = await database.rows<{ is_found: string }>(
      `select exists (
         select 1 from ${name} cross join (select $1::text[], $2::int[]) as given where ${named.join(' or ')}
       ) as is_found`,
      [ids, keys],
    );
    if (found?.is_found === 't') traces.push(`${name}.${column}`);
  }
  return traces;
};

test('killed at random moments and run again, a backfill ends as one that was left alone', async () => {
  database = await createDatabase({ twin: true });
  await addHistory();
  await database.ok(['backfill', '--to', lastDay, '--schema', 'twin']);
  let kills = 0;
  for (let round = 0; round < 12; round += 1) {
    const { child, ended, says } = startCli(
      ['backfill', '--to', lastDay, '--batch-days', '3', '--wait', '20', '--json'],
      { DATABASE_URL: database.url },
    );
    // Somewhere in the batch after the first one of this run, or in one of those that follow.
    await says('"event":"batch"');
    await sleep((round * 137) % 300);
    child.kill('SIGKILL');
    if ((await ended).signal === 'SIGKILL') kills += 1;
    const [state] = await database.rows<{ days: string; taps: string; figures: string }>(
      `select count(*) as days, coalesce(sum(tap_count), 0) * 2 as taps,
         (select coalesce(sum(tap_count), 0) from user_day_activity) as figures from processed_day`,
    );
    expect(state?.figures, 'the tables are as after some whole batch').toBe(state?.taps);
  }
  expect(kills).toBeGreaterThan(0);
  await database.ok(['backfill', '--to', lastDay, '--wait', '20']);
  expect(difference(await readTables('twin'), await readTables())).toEqual([]);
  expect(await database.rows("select 1 from run where state = 'running'")).toEqual([]);
});

test('of two runs at once one exits with 4 and names the other, or waits for it', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-01T08:00Z');
  // Whatever the first one does, it can't end before it may write here.
  await database.client.query('begin; lock table user_streaks in access exclusive mode');
  const first = startCli(['backfill', '--to', lastDay], {
    DATABASE_URL: database.url,
    ARC_GAM_LOCK_TIMEOUT_MS: '100000',
  });
  await vi.waitFor(
    async () => expect(await database.rows("select 1 from run where state = 'running'")).toHaveLength(1),
    { timeout: 60_000 },
  );
  const second = await database.cli(['etl', '--date', lastDay]);
  expect(second.code).toBe(4);
  expect(second.stderr).toMatch(/Another run holds the lock.*backfill.*pid \d+/);
  const third = database.cli(['etl', '--date', lastDay, '--wait', '60']);
  await database.client.query('rollback');
  expect((await third).code).toBe(0);
  expect((await first.ended).code).toBe(0);
});

test('a backend that is terminated in mid-run costs a retry, not a figure', async () => {
  database = await createDatabase();
  await addHistory();
  const run = startCli(['backfill', '--to', lastDay, '--batch-days', '2', '--json'], {
    DATABASE_URL: database.url,
  });
  let cut = 0;
  for (let tries = 0; tries < 400 && cut < 2; tries += 1) {
    const killed = await database.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and backend_xid is not null and application_name like 'arc-gam%'`,
    );
    cut += killed.length;
    await sleep(60);
  }
  const { code, stdout, stderr } = await run.ended;
  expect(code, stdout.slice(-500) + stderr).toBe(0);
  const retries = jsonLines(stdout).filter(({ event }) => event === 'retry').length;
  expect(retries).toBeGreaterThan(0);
  const after = await readTables();
  await database.ok(['backfill', '--to', lastDay, '--rebuild']);
  expect(difference(after, await readTables())).toEqual([]);
});

test('a zone is recorded with the data and changed only by a rebuild', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2025-03-02T02:00Z');
  await database.ok(['etl', '--date', '2025-03-03']);
  const refused = await database.cli(['etl', '--date', '2025-03-03'], { ARC_GAM_TZ: 'America/New_York' });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('backfill --rebuild');
  await database.ok(['backfill', '--rebuild', '--to', '2025-03-03'], { ARC_GAM_TZ: 'America/New_York' });
  expect(await database.rows('select distinct day from user_day_activity')).toEqual([{ day: '2025-03-01' }]);
});

test('a step that reads taps and changed makes its days stale', async () => {
  database = await copyHistory();
  const before = await readTables();
  await database.client.query("update processed_day set steps_sha256 = 'another' where day >= '2025-03-20'");
  await database.client.query("update pair_day set tap_count = tap_count + 1 where day >= '2025-03-20'");
  const run = await database.ok(['etl', '--date', lastDay, '--explain', '--json']);
  const stale = jsonLines(run.stdout).filter(({ event }) => event === 'stale');
  expect(stale.map(({ reason }) => reason)).toEqual(Array.from({ length: 12 }, () => 'outdated'));
  expect(difference(before, await readTables())).toEqual([]);
});

test('a step that changed derives its own table, and nothing else is derived', async () => {
  database = await copyHistory();
  const before = await readTables();
  const streaks = await database.rows('select * from user_streaks order by user_id');
  await database.client.query("update derived_step set digest = 'another' where step = 'user_streaks'");
  await database.client.query('update user_streaks set longest_streak_days = longest_streak_days + 1');
  await database.client.query('update user_day_activity set tap_count = tap_count + 1');
  const status = await database.ok(['migrate', 'status', '--json']);
  const renewals = (text: string) => jsonLines(text).filter(({ event }) => event === 'renewal');
  expect(renewals(status.stdout)).toMatchObject([
    { step: 'user_streaks', table: 'user_streaks', days: null },
  ]);
  const run = await database.ok(['etl', '--date', lastDay, '--explain', '--json']);
  expect(renewals(run.stdout)).toHaveLength(1);
  expect(await database.rows('select * from user_streaks order by user_id')).toEqual(streaks);
  // The other table is as wrong as before: only verify looks for such a thing.
  expect(difference(before, await readTables()).length).toBeGreaterThan(0);
  await database.client.query("update derived_step set digest = 'another' where step = 'user_day_activity'");
  await database.ok(['etl', '--date', lastDay]);
  expect(difference(before, await readTables())).toEqual([]);
  const silent = await database.ok(['etl', '--date', lastDay, '--explain', '--json']);
  expect(renewals(silent.stdout)).toEqual([]);
});
