import { readdirSync } from 'node:fs';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { allFigures } from '../figures/figures.js';
import { addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';

let database: TestDatabase;
afterEach(() => database.drop());

/** Everything that a database consists of, to see that nothing was written. */
const catalogue = () =>
  database.rows(
    `select 'class' as kind, oid::text, relname::text as name, xmin::text from pg_class
     union all select 'schema', oid::text, nspname::text, xmin::text from pg_namespace
     union all select 'function', oid::text, proname::text, xmin::text from pg_proc
     union all select 'type', oid::text, typname::text, xmin::text from pg_type
     union all select 'comment', objoid::text, objsubid::text, xmin::text from pg_description
     order by 1, 2, 3`,
  );

/** How many rows each table of figures has. */
const derivedTables = async () => {
  const counts: Record<string, unknown> = {};
  for (const { table, of } of await allFigures(database.client, 'gamification'))
    counts[table] = (
      await database.rows(`select count(*)::int as count from (${of('gamification')}) as rows`)
    )[0]?.count;
  return counts;
};

const applicationTables = `
  create table public.users (id uuid primary key, name text, home text);
  create table public.taps (id uuid primary key, id1 uuid, id2 uuid, time timestamptz, latitude float8, longitude float8);
  create index taps_time on public.taps (time);`;

describe('on the application alone', () => {
  beforeEach(async () => {
    database = await createDatabase({ empty: true });
    await database.client.query(applicationTables);
  });

  test('settings of the database change nothing of what is made and found', async () => {
    const name = new URL(database.url).pathname.slice(1);
    const isNew = Number((await database.rows('show server_version_num'))[0]?.server_version_num) >= 170_000;
    for (const setting of [
      'standard_conforming_strings = off',
      'quote_all_identifiers = on',
      'extra_float_digits = -15',
      'jit_above_cost = 0',
      'statement_timeout = 1500',
      ...(isNew ? ['transaction_timeout = 2500'] : []),
    ])
      await database.client.query(`alter database ${name} set ${setting}`);
    const day = (await database.rows('select current_date::text as day'))[0]?.day as string;
    await database.client.query(
      `insert into public.users (id) values ('00000000-0000-4000-8000-000000000001'), ('00000000-0000-4000-8000-000000000002');
       insert into public.taps (id, id1, id2, time, latitude, longitude)
       select gen_random_uuid(), '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002', '${day}', 1, 1`,
    );
    // Longer than the timeout of a statement, each time that the tap is read.
    const slowly = { ARC_GAM_TAPS_LATITUDE: "case when pg_sleep(2)::text = '' then latitude end" };
    for (const command of [
      'init --dry-run',
      'migrate --dry-run',
      'migrate',
      'capture on',
      `etl --date ${day}`,
    ])
      await database.ok(command.split(' '), slowly);
    expect(await database.rows('select tap_count from gamification.pair')).toEqual([{ tap_count: '1' }]);
  });

  test('--dry-run prints SQL that does the same, and writes nothing', async () => {
    const before = await catalogue();
    const { stdout } = await database.ok(['migrate', '--dry-run']);
    expect(await catalogue()).toEqual(before);
    expect((await database.ok(['migrate', 'status'])).stdout).toMatch(/0001\S*\s+pending/);
    expect(await catalogue()).toEqual(before);
    await database.client.query(stdout);
    expect(await database.rows("select to_regclass('gamification.user_streaks')::text as name")).toEqual([
      { name: 'user_streaks' },
    ]);
  });

  test('up, again, status, down and up', async () => {
    await database.client.query('create schema other; create table other.thing (id int)');
    const outside = () =>
      database.rows(
        `select nspname, relname, relkind, relfilenode from pg_class join pg_namespace on pg_namespace.oid = relnamespace
         where nspname not in ('gamification', 'pg_toast', 'pg_catalog', 'information_schema') order by 1, 2`,
      );
    const before = await outside();
    expect((await database.ok(['migrate'])).stdout).toMatch(/0002\S*\s+applied/);
    const migrated = await catalogue();
    expect((await database.ok(['migrate'])).stdout).toContain('Schema gamification is up to date.');
    expect(await catalogue()).toEqual(migrated);
    expect((await database.ok(['migrate', '--dry-run'])).stdout).toBe('Nothing is pending.\n');
    expect((await database.ok(['migrate', 'status'])).stdout).not.toMatch(/pending|edited|missing/);
    expect((await database.ok(['migrate', 'down'])).stdout).toContain('taken back');
    expect((await database.ok(['migrate', 'status'])).stdout).toContain('pending');
    const behind = await database.cli(['etl']);
    expect(behind.code).toBe(1);
    expect(behind.stderr).toContain('Run: arc-gam migrate');
    await database.ok(['migrate']);
    expect((await database.ok(['migrate', 'status'])).stdout).not.toMatch(/pending|edited|missing/);
    await database.ok(['migrate', 'down', '--all']);
    expect(await database.rows("select from pg_namespace where nspname = 'gamification'")).toEqual([]);
    expect(await outside()).toEqual(before);
    expect((await database.ok(['migrate', 'down'])).stdout).toContain('there is nothing to take back');
  });

  test.each(['LATIN1', 'SQL_ASCII'])('a database in %s is refused by migrate and init', async (encoding) => {
    const url = new URL(database.url);
    url.pathname = `${url.pathname}_${encoding.toLowerCase()}`;
    await database.client.query(
      `create database ${url.pathname.slice(1)} encoding '${encoding}' locale 'C' template template0`,
    );
    const other = new pg.Client(url.href);
    await other.connect();
    await other.query(applicationTables);
    await other.end();
    try {
      for (const words of [['migrate'], ['migrate', '--dry-run'], ['init', '--dry-run']]) {
        const { code, stderr } = await database.cli(words, { DATABASE_URL: url.href });
        expect({ words, code }).toEqual({ words, code: 1 });
        expect(stderr).toContain(`The encoding of this database is ${encoding}, and has to be UTF8`);
      }
    } finally {
      await database.client.query(`drop database ${url.pathname.slice(1)}`);
    }
  });

  test('what was taken back and applied again is filled again by the next run', async () => {
    await addUsers(database, 1, 2);
    await database.client.query(
      `insert into public.taps values (gen_random_uuid(), $1, $2, '2026-01-01T10:00Z', 40.7, -74.0),
         (gen_random_uuid(), $1, $3, '2026-01-02T10:00Z', null, null)`,
      [userId(1), userId(2), userId(3)],
    );
    await database.ok(['migrate']);
    await database.ok(['backfill', '--to', '2026-01-02']);
    const figures = await derivedTables();
    const derive = async () => {
      await database.ok(['migrate']);
      await database.ok(['etl', '--date', '2026-01-02']);
      await database.ok(['verify', '--full']);
      // What verify does not look at by itself.
      expect(await derivedTables()).toEqual(figures);
    };
    // All but the first, which has the ledger.
    await database.ok(['migrate', 'down', '--count', String(readdirSync('migrations').length - 1)]);
    await derive();
    // As the migrations would that made these tables.
    await database.ok(['migrate', 'down', '--count', '2']);
    await database.client.query('truncate gamification.pair_day_tap, gamification.friend_list');
    await derive();
    await database.client.query('create view public.mine as select count(*) from gamification.user_streaks');
    const blocked = await database.cli(['migrate', 'down', '--all']);
    expect(blocked.code).toBe(1);
    expect(blocked.stderr).toMatch(/View public.mine depends on table .*user_streaks\. Nothing was changed/);
    await database.client.query('drop view public.mine');
    await database.ok(['capture', 'on']);
    const captured = await database.cli(['migrate', 'down', '--all']);
    expect(captured.code).toBe(1);
    expect(captured.stderr).toContain('Run first: arc-gam capture off');
    await database.ok(['capture', 'off']);
    await database.ok(['migrate', 'down', '--all']);
  });

  test('two at once: one waits or exits with 4, and one schema comes of it', async () => {
    const results = await Promise.all([
      database.cli(['migrate', '--wait', '60']),
      database.cli(['migrate', '--wait', '60']),
      database.cli(['migrate']),
    ]);
    expect(results.slice(0, 2).map(({ code }) => code)).toEqual([0, 0]);
    expect([0, 4]).toContain(results[2]?.code);
    if (results[2]?.code === 4)
      expect(results[2].stderr).toContain("Another run holds the lock of schema 'gamification'");
    expect((await database.ok(['migrate', 'status'])).stdout).not.toMatch(/pending|edited/);
  });

  test('a run against a schema that was never set up says so', async () => {
    const result = await database.cli(['backfill']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("The schema 'gamification' has not been set up. Run: arc-gam migrate");
  });

  test('a column that is not there is named, with what is empty for it and what it may be called', async () => {
    await database.client.query(`alter table public.taps rename latitude to lat;
      alter table public.taps rename longitude to lon; alter table public.users rename home to city`);
    for (const args of [['migrate', '--dry-run'], ['migrate']]) {
      const { stderr } = await database.ok(args);
      expect(stderr).toContain(
        "public.taps has no column 'latitude' (ARC_GAM_TAPS_LATITUDE) and 'longitude'",
      );
      expect(stderr).toContain('surge_windows');
      expect(stderr).toContain('ARC_GAM_TAPS_LATITUDE=lat ARC_GAM_TAPS_LONGITUDE=lon');
      expect(stderr).toContain(
        "public.users has no column 'home' (ARC_GAM_USERS_HOME): home_location_struct",
      );
      expect(stderr).toContain('ARC_GAM_USERS_HOME=city');
    }
    const mapped = {
      ARC_GAM_TAPS_LATITUDE: 'lat',
      ARC_GAM_TAPS_LONGITUDE: 'lon',
      ARC_GAM_USERS_HOME: 'city',
    };
    expect((await database.ok(['migrate'], mapped)).stderr).toBe('');
    const without = { ...mapped, ARC_GAM_USERS_HOME: 'null::text' };
    expect((await database.ok(['migrate'], without)).stderr).toBe('');
  });

  test.each([
    [
      'a table',
      { ARC_GAM_TAPS_TABLE: 'app.taps' },
      /no table app\.taps .*ARC_GAM_TAPS_TABLE.*public\.taps, public\.users/,
    ],
    [
      'a column',
      { ARC_GAM_TAPS_TIME: 'tapped' },
      /public\.taps has no column 'tapped' \(ARC_GAM_TAPS_TIME\)\. It has: .*id1 uuid.*time timestamp with time zone/,
    ],
    [
      'ids that are uuid',
      { ARC_GAM_USERS_ID: 'name' },
      /ARC_GAM_USERS_ID: "name" of public\.users is of type text, expected uuid/,
    ],
    [
      'a time that is one',
      { ARC_GAM_TAPS_TIME: 'latitude' },
      /of type double precision, expected timestamp with time zone or/,
    ],
    [
      'an expression that can be read',
      { ARC_GAM_USERS_NAME: 'upper(nmae)' },
      /ARC_GAM_USERS_NAME is 'upper\(nmae\)', which Postgres can't read.*nmae/,
    ],
    [
      'an expression over one row',
      { ARC_GAM_USERS_NAME: 'max(name)' },
      /ARC_GAM_USERS_NAME is 'max\(name\)', which Postgres can't read.*aggregate functions are not allowed/,
    ],
    ['one expression only', { ARC_GAM_USERS_NAME: "'x'; drop table public.users" }, /can't have a semicolon/],
  ])('a mapping without %s changes nothing and names what was found', async (_, environment, message) => {
    const before = await catalogue();
    const result = await database.cli(['migrate'], environment);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(message);
    expect(await catalogue()).toEqual(before);
  });
});

describe('the migrated schema', () => {
  beforeEach(async () => {
    database = await createDatabase();
  });

  test('an index that leads with the time is asked for, and none is made', async () => {
    expect((await database.ok(['migrate'])).stderr).toBe('');
    await database.client.query('drop index public.taps_time; create index on public.taps (id1, time)');
    const before = await catalogue();
    const { stderr } = await database.ok(['migrate']);
    expect(stderr).toContain('No index of public.taps leads with "time"');
    expect(stderr).toContain('create index concurrently on "public"."taps" ("time");');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(await catalogue()).toEqual(before);
  });

  test('a table that is not there: the likest is offered, and none of ours', async () => {
    for (const number of Array.from({ length: 20 }, (_, index) => index)) {
      await database.client.query(`create table public.aaa_${number} (id int)`);
    }
    const { code, stderr } = await database.cli(['migrate'], { ARC_GAM_TAPS_TABLE: 'public.tap' });
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean public.taps?');
    expect(stderr).toMatch(/among them: public\.taps, /);
    expect(stderr).not.toContain('gamification.');
  });

  test('an applied file that was edited since is found', async () => {
    await database.client.query("update schema_file set sha256 = repeat('0', 64) where name like '0001%'");
    expect((await database.ok(['migrate', 'status'])).stdout).toMatch(/0001\S*\s+edited/);
    for (const args of [['migrate'], ['migrate', '--dry-run'], ['verify']]) {
      const result = await database.cli(args);
      expect(result.code).toBe(1);
      expect(result.stderr).toMatch(/0001\S*: the file was edited after it had been applied/);
    }
  });

  test('a schema that a newer version has migrated: whatever could write, or tell what it does not know, refuses', async () => {
    await database.client.query("insert into schema_migration (name, run_on) values ('9999_future', now())");
    expect((await database.ok(['migrate', 'status'])).stdout).toMatch(/9999_future\s+missing/);
    expect((await database.cli(['status'])).stdout).toContain('9999_future (missing)');
    for (const words of [
      ['migrate'],
      ['migrate', '--dry-run'],
      ['migrate', 'down'],
      ['backfill'],
      ['etl'],
      ['etl', '--dry-run'],
      ['follow', '--once'],
      ['capture', 'on'],
      ['verify', '--repair'],
      ['quests'],
      ['why', 'streak', '--user', userId(1)],
    ]) {
      const refused = await database.cli(words);
      expect(refused.code, words.join(' ')).toBe(1);
      expect(refused.stderr).toContain('a newer arc-gam has migrated it');
    }
    await database.client.query("delete from schema_migration where name = '9999_future'");
    await database.ok(['etl']);
  });

  test('everything in it is documented', async () => {
    const undocumented = await database.rows(
      `with object as (
         select 'pg_namespace'::regclass as catalogue, oid, 0 as part, 'schema' as name from pg_namespace where nspname = 'gamification'
         union all
         select 'pg_class'::regclass, oid, 0, relname from pg_class
         where relnamespace = 'gamification'::regnamespace and relkind in ('r', 'v', 'm', 'S', 'p')
         union all
         select 'pg_class'::regclass, indexrelid, 0, indexrelid::regclass::text
         from pg_index join pg_class on pg_class.oid = indexrelid
         where relnamespace = 'gamification'::regnamespace
           and not exists (select from pg_constraint where conindid = indexrelid)
         union all
         select 'pg_class'::regclass, attrelid, attnum, attrelid::regclass || '.' || attname
         from pg_attribute join pg_class on pg_class.oid = attrelid
         where relnamespace = 'gamification'::regnamespace and relkind in ('r', 'v', 'm', 'p') and attnum > 0 and not attisdropped
         union all
         select 'pg_proc'::regclass, oid, 0, proname from pg_proc where pronamespace = 'gamification'::regnamespace
         union all
         select 'pg_type'::regclass, oid, 0, typname from pg_type
         where typnamespace = 'gamification'::regnamespace and typtype in ('d', 'e')
         union all
         select 'pg_trigger'::regclass, pg_trigger.oid, 0, tgname from pg_trigger join pg_class on pg_class.oid = tgrelid
         where relnamespace = 'gamification'::regnamespace and not tgisinternal
       )
       select object.name from object
       left join pg_description on (classoid, objoid, objsubid) = (catalogue, oid, part)
       where coalesce(trim(description), '') = '' order by 1`,
    );
    expect(undocumented).toEqual([]);
  });

  test('a filter on the time uses the index of the application', async () => {
    await database.client.query(`insert into public.users (id) values ($1), ($2)`, [userId(1), userId(2)]);
    await database.client.query(
      `insert into public.taps (id1, id2, time)
       select $1, $2, timestamptz '2020-01-01' + minute * interval '1 minute' from generate_series(1, 20000) as given (minute)`,
      [userId(1), userId(2)],
    );
    await database.client.query('analyze public.taps');
    const plan = async () =>
      (
        await database.rows<{ 'QUERY PLAN': string }>(
          `explain select count(*) from classified_tap
           where tap_time >= timestamptz '2020-01-02' and tap_time < timestamptz '2020-01-03'`,
        )
      )
        .map((row) => row['QUERY PLAN'])
        .join('\n');
    expect(await plan()).toMatch(/Index.*taps_time/);
    await database.client.query('drop view classified_tap, tap');
    await database.client.query(
      "alter table public.taps alter column time type timestamp using time at time zone 'UTC'",
    );
    await database.client.query('analyze public.taps');
    await database.ok(['migrate']);
    expect(await plan()).toMatch(/Index.*taps_time/);
  });

  test('constraints refuse what docs/semantics.md rules out', async () => {
    for (const statement of [
      `insert into edge_strength values ('${userId(2)}', '${userId(1)}', 1, now(), 1)`,
      `insert into user_day_activity values ('${userId(1)}', '2026-01-01', 0, 0)`,
      `insert into user_week_activity (user_id, year, iso_week, tap_count, first_degree_new_count, second_degree_count, second_degree_new_count)
       values ('${userId(1)}', 2026, 54, 1, 0, 0, 0)`,
      `insert into user_streaks values ('${userId(1)}', -1, 1, '2026-01-01', '2026-01-01', now())`,
    ]) {
      await expect(database.client.query(statement), statement).rejects.toMatchObject({ code: '23514' });
    }
  });
});

test('columns under other names, and expressions, are mapped', async () => {
  database = await createDatabase({ empty: true });
  await database.client.query(`
    create schema app;
    create table app."People" (person_id uuid primary key, first_name text, last_name text);
    create table app.tap_log (tap_id bigint primary key, sender uuid, receiver uuid, at timestamp, location text);
    create index on app.tap_log (at);`);
  await database.client.query(`insert into app."People" values ($1, 'Ada', 'Byron'), ($2, 'Ben', 'Marlow')`, [
    userId(1),
    userId(2),
  ]);
  await database.client.query(
    `insert into app.tap_log values (1, $1, $2, '2026-01-05 23:59', '40.7,-74.0'), (2, $2, $1, '2026-01-06 00:00', '')`,
    [userId(1), userId(2)],
  );
  const environment = {
    ARC_GAM_TAPS_TABLE: 'app.tap_log',
    ARC_GAM_TAPS_ID: 'tap_id',
    ARC_GAM_TAPS_ID1: 'sender',
    ARC_GAM_TAPS_ID2: 'receiver',
    ARC_GAM_TAPS_TIME: 'at',
    ARC_GAM_TAPS_LATITUDE: "nullif(split_part(location, ',', 1), '')::double precision",
    ARC_GAM_TAPS_LONGITUDE: "nullif(split_part(location, ',', 2), '')::double precision",
    ARC_GAM_USERS_TABLE: 'app."People"',
    ARC_GAM_USERS_ID: 'person_id',
    ARC_GAM_USERS_NAME: "first_name || ' ' || last_name",
  };
  const migrated = await database.ok(['migrate'], environment);
  expect(migrated.stderr).toMatch(/^app\.People has no column 'home' .*\n$/);
  expect(await database.rows('select name, home from gamification.app_user order by id')).toEqual([
    { name: 'Ada Byron', home: null },
    { name: 'Ben Marlow', home: null },
  ]);
  expect(await database.rows('select id, latitude, longitude from gamification.tap order by id')).toEqual([
    { id: '1', latitude: '40.7', longitude: '-74' },
    { id: '2', latitude: null, longitude: null },
  ]);
  await database.ok(['backfill', '--to', '2026-01-06'], environment);
  expect(
    await database.rows(
      'select day, tap_count from gamification.user_day_activity where user_id = $1 order by 1',
      [userId(1)],
    ),
  ).toEqual([
    { day: '2026-01-05', tap_count: '1' },
    { day: '2026-01-06', tap_count: '1' },
  ]);
  const remapped = await database.ok(['migrate'], { ...environment, ARC_GAM_USERS_NAME: 'last_name' });
  expect(remapped.stdout).toContain('made anew');
  expect(await database.rows('select name from gamification.app_user order by id')).toEqual([
    { name: 'Byron' },
    { name: 'Marlow' },
  ]);
});
