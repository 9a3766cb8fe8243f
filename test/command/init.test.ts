import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CatalogueColumn, guessMapping } from '../../src/init/guess.js';
import { addSettings, withoutPassword } from '../../src/init/settings-file.js';
import { createDatabase, type TestDatabase, userId } from '../server/database.js';
import { jsonLines, runProcess } from './cli.js';

let database: TestDatabase;
let folder: string;
beforeEach(async () => {
  database = await createDatabase({ empty: true });
  folder = mkdtempSync(join(tmpdir(), 'arc-gam-init-'));
});
afterEach(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const file = () => join(folder, '.env');
const init = (args: readonly string[] = [], environment: NodeJS.ProcessEnv = {}) =>
  runProcess(['init', ...args], { DATABASE_URL: database.url, ...environment }, folder);
const written = () => parse(readFileSync(file(), 'utf8'));

test('views that are named as the source are found, though nothing says that their ids are unique', async () => {
  await database.client.query(`
    create schema old;
    create table old.people (person uuid primary key, called text);
    create table old.met (a uuid, b uuid, at timestamptz);
    create view public.users as select person as id, called as name from old.people;
    create view public.taps as select gen_random_uuid() as id, a as id1, b as id2, at as time from old.met;`);
  const named = { ARC_GAM_TAPS_TABLE: 'public.taps', ARC_GAM_USERS_TABLE: 'public.users' };
  expect(await init(['--dry-run'], named)).toMatchObject({ code: 0, stderr: '' });
});

test('tables under other names are found, written with the reason of each, and one command does the rest', async () => {
  await database.client.query(`
    create schema app;
    create table app."Members" (user_id uuid primary key, first_name text, last_name varchar(80), hometown text, opted_out boolean);
    create table app.tap_events (
      tap_id bigint generated always as identity primary key,
      from_user uuid references app."Members", to_user uuid references app."Members",
      tapped_at timestamp, created_at timestamp, location text
    );
    create index on app.tap_events (tapped_at);
    create table app.invoice (id uuid primary key, user_id uuid, created_at timestamptz);
    insert into app."Members" values ('${userId(1)}', 'Ada', 'Byron', 'Austin, TX', false), ('${userId(2)}', 'Bo', null, null, null);
    insert into app.tap_events (from_user, to_user, tapped_at, created_at, location) values
      ('${userId(1)}', '${userId(2)}', '2026-02-03 10:00', '2026-02-03 10:01', '30.27, -97.74'),
      ('${userId(1)}', '${userId(2)}', '2026-02-04 10:00', '2026-02-04 10:01', 'downtown');`);
  const looked = await init(['--dry-run']);
  expect(looked).toMatchObject({ code: 0, stderr: '' });
  expect(existsSync(file())).toBe(false);
  const result = await init(['--yes']);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(written()).toMatchObject({
    ARC_GAM_TZ: 'UTC',
    ARC_GAM_TAPS_TABLE: 'app.tap_events',
    ARC_GAM_TAPS_ID: 'tap_id',
    ARC_GAM_TAPS_ID1: 'from_user',
    ARC_GAM_TAPS_ID2: 'to_user',
    ARC_GAM_TAPS_TIME: 'tapped_at',
    ARC_GAM_USERS_TABLE: 'app."Members"',
    ARC_GAM_USERS_ID: 'user_id',
    ARC_GAM_USERS_NAME: "concat_ws(' ', first_name, last_name)",
    ARC_GAM_USERS_HOME: 'hometown',
    ARC_GAM_USERS_OPT_OUT: 'opted_out',
  });
  expect(result.stdout).toContain('# It refers to app.Members, as does the other one.');
  expect(result.stdout).toContain('it has no zone, and is read as UTC');
  expect(result.stdout).toContain('Of 2 taps looked at, 2 name two users.');
  expect(result.stdout).toMatch(/Set up in .*, as of \d{4}-.*: all equal\./);
  // Read again from the file alone: the same schema, nothing to do.
  expect((await runProcess(['migrate', '--dry-run'], { DATABASE_URL: database.url }, folder)).stdout).toBe(
    'Nothing is pending.\n',
  );
  expect(
    await database.rows(
      'select day, cell_count from (select day, count(*) as cell_count from gamification.user_cell_day group by day) as cell',
    ),
  ).toEqual([{ day: '2026-02-03', cell_count: '2' }]);
  // And once more: nothing is said twice, and what is there decides.
  const before = readFileSync(file(), 'utf8');
  const again = await init();
  expect(again.stderr).toBe('');
  expect(again.stdout).toContain('has all of it already');
  expect(readFileSync(file(), 'utf8')).toBe(before);
});

test('what is given stays, no password is written, and the zone of figures that are there is kept', async () => {
  await database.client.query(`
    create table public.users (id uuid primary key, name text);
    create table public.taps (id uuid primary key, id1 uuid, id2 uuid, "time" timestamptz, lat real, lng real);`);
  writeFileSync(file(), 'MINE=1\nARC_GAM_TAPS_LATITUDE=null::float8');
  const url = new URL(database.url);
  url.searchParams.set('application_name', 'x');
  const result = await runProcess(['init', '--database-url', url.href], { ARC_GAM_TZ: 'Asia/Tokyo' }, folder);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  const text = readFileSync(file(), 'utf8');
  expect(written()).toMatchObject({
    MINE: '1',
    ARC_GAM_TZ: 'Asia/Tokyo',
    ARC_GAM_TAPS_LATITUDE: 'null::float8',
    ARC_GAM_TAPS_LONGITUDE: 'lng',
    ARC_GAM_USERS_HOME: 'null::text',
  });
  if (url.password !== '') expect(text).not.toContain(url.password);
  expect(written().DATABASE_URL).toContain(`${url.hostname}:${url.port}${url.pathname}`);
  expect(text.match(/ARC_GAM_TAPS_LATITUDE/g)).toHaveLength(1);
  rmSync(file());
  await database.ok(['migrate'], { ARC_GAM_TAPS_LATITUDE: 'lat', ARC_GAM_TAPS_LONGITUDE: 'lng' });
  await database.client.query("insert into gamification.setting values ('zone', 'Asia/Tokyo')");
  expect((await init(['--json'])).code).toBe(0);
  expect(written().ARC_GAM_TZ).toBe('Asia/Tokyo');
});

test.each([
  [
    'columns named by words of SQL',
    `create table public.users (id uuid unique, "user" uuid primary key, "first_name" text, "last_name" text);
     create table public.taps (id serial primary key, "from" uuid, "to" uuid, "time" timestamptz, "where" point);
     insert into public.users ("user") values ('${userId(1)}'), ('${userId(2)}');
     insert into public.taps ("from", "to") values ('${userId(1)}', '${userId(2)}'), ('${userId(1)}', '${userId(3)}')`,
    { ARC_GAM_USERS_ID: 'user' },
  ],
  [
    'columns in mixed case, given without quotes',
    `create table public."user" (id uuid primary key, "select" text, "Last_Name" text, "First_Name" text);
     create table public.taps (id serial primary key, "userA" uuid, "userB" uuid, "time" timestamptz, "Where" point);
     insert into public."user" values ('${userId(1)}'), ('${userId(2)}');
     insert into public.taps ("userA", "userB") values ('${userId(1)}', '${userId(2)}'), ('${userId(1)}', null)`,
    { ARC_GAM_TAPS_ID1: 'userA', ARC_GAM_TAPS_ID2: 'userB' },
  ],
])('%s fit as migrate takes them', async (_, tables, environment) => {
  await database.client.query(tables);
  const { code, stderr, stdout } = await database.cli(['init', '--file', file()], environment);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Of 2 taps looked at, 1 name two users.');
  await database.ok(['migrate'], written());
});

test.each([
  [
    'which two of three',
    'user_id uuid references users, host_id uuid references users, guest_id uuid references users',
    'host_id',
    'guest_id',
  ],
  ['two that are texts', 'host text, guest text', 'host::uuid', '(guest)::uuid'],
])('what it asked for decides when it is run again: %s', async (_, columns, one, other) => {
  await database.client.query(`
    set search_path = public; create table users (id uuid primary key, name text);
    create table taps (id serial primary key, ${columns}, "time" timestamptz);`);
  const again = (given = {}) => database.cli(['init', '--file', file()], given);
  expect((await again()).stderr).toMatch(/[Ss]et ARC_GAM_TAPS_/);
  const given = { ARC_GAM_TAPS_TABLE: 'public.taps', ARC_GAM_TAPS_ID1: one, ARC_GAM_TAPS_ID2: other };
  expect(await again(given)).toMatchObject({ code: 0, stderr: '' });
  expect(written()).toMatchObject({ ...given, ARC_GAM_TAPS_TIME: 'time' });
});

test.each([
  ['bigint', (number: number) => String(number), "lpad(to_hex(user_id), 32, '0')::uuid"],
  ['text', (number: number) => `'member/${number}'`, 'md5(user_id)::uuid'],
])('ids of type %s are mapped as it says, also with capture on', async (type, id, recipe) => {
  await database.client.query(`
    create table public.users (user_id ${type} primary key, name text);
    create table public.taps (id bigserial primary key, user_id ${type}, other ${type}, "time" timestamptz);
    insert into public.users values (${id(1)}, 'Ada'), (${id(255)}, 'Bo'), (${id(3)}, 'Cy');
    insert into public.taps (user_id, other, "time") values (${id(1)}, ${id(255)}, '2026-02-03 10:00Z')`);
  const refused = await database.cli(['init', '--file', file()]);
  expect(refused.stderr).toContain(recipe);
  const given = {
    ARC_GAM_TAPS_TABLE: 'public.taps',
    ARC_GAM_TAPS_ID1: recipe,
    ARC_GAM_TAPS_ID2: recipe.replace('user_id', 'other'),
  };
  expect((await database.cli(['init', '--file', file()], given)).stderr).toContain(recipe);
  const all = { ...given, ARC_GAM_USERS_TABLE: 'public.users', ARC_GAM_USERS_ID: recipe };
  await database.ok(['init', '--yes', '--file', file()], all);
  await database.ok(['capture', 'on'], written());
  await database.ok(['etl', '--date', '2026-02-05'], written());
  await database.client.query(`
    insert into public.taps (user_id, other, "time") values (${id(255)}, ${id(3)}, '2026-02-04 10:00Z');
    update public.users set user_id = ${id(4)} where user_id = ${id(1)}`);
  await database.ok(['etl', '--date', '2026-02-05'], written());
  await database.ok(['verify', '--full'], written());
  expect(await database.rows('select sum(tap_count)::text as taps from gamification.processed_day')).toEqual([
    { taps: '1' },
  ]);
});

test('and of users, who may have no key and no name of their own', async () => {
  await database.client.query(`
    create table public.folk (uid uuid, first text);
    create table public.taps (id serial primary key, id1 uuid, id2 uuid, "time" timestamptz);`);
  const again = (given = {}) => database.cli(['init', '--file', file()], given);
  expect((await again()).stderr).toContain(
    'Set ARC_GAM_USERS_TABLE, ARC_GAM_USERS_ID and ARC_GAM_USERS_NAME.',
  );
  const given = {
    ARC_GAM_USERS_TABLE: 'public.folk',
    ARC_GAM_USERS_ID: 'uid',
    ARC_GAM_USERS_NAME: 'upper(first)',
  };
  expect(await again(given)).toMatchObject({ code: 0, stderr: '' });
  expect(written()).toMatchObject(given);
  await database.ok(['migrate'], written());
});

test('a file that names another database is not left to be what the next command goes by', async () => {
  await database.client.query(`
    create table public.users (id uuid primary key, name text);
    create table public.taps (id uuid primary key, id1 uuid, id2 uuid, "time" timestamptz, begun timestamptz);`);
  const other = 'DATABASE_URL=postgres://me@db.example/other\n';
  writeFileSync(file(), other);
  const given = ['init', '--database-url', database.url];
  const refused = await database.cli([...given, '--file', file()]);
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining('has another DATABASE_URL than'),
  ]);
  expect(readFileSync(file(), 'utf8')).toBe(other);
  writeFileSync(file(), 'ARC_GAM_TAPS_TIME=begun\n');
  const { stdout } = await database.ok([...given, '--file', file()]);
  expect(stdout).toMatch(/other values there, .*: ARC_GAM_TAPS_TIME\.\n/);
  // Its own is no other, with or without the password.
  await database.ok([...given, '--file', file()]);
});

test('of users that were named it is told what is missing', async () => {
  await database.client.query(`
    create table public.folk (code text primary key, called text);
    create table public.taps (id serial primary key, id1 uuid, id2 uuid, "time" timestamptz);`);
  const given = { ARC_GAM_USERS_TABLE: 'public.folk', ARC_GAM_USERS_ID: 'md5(code)::uuid' };
  const { code, stderr } = await database.cli(['init', '--file', file()], given);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/^Error: public\.folk has .*: set ARC_GAM_USERS_NAME\.\n/),
  ]);
});

test.each([
  ['deleted_at', 'timestamptz', 'now()', 'null'],
  ['"isDeleted"', 'boolean', 'true', 'null'],
])('a tap that is marked as deleted, by %s, is left out from then on', async (column, type, marked, plain) => {
  await database.client.query(`
    create table public.users (id uuid primary key, name text);
    create table public.taps (id serial primary key, id1 uuid, id2 uuid, "time" timestamptz, ${column} ${type});
    insert into public.users values ('${userId(1)}', 'Ada'), ('${userId(2)}', 'Bo');
    insert into public.taps (id1, id2, "time", ${column})
      select '${userId(1)}', '${userId(2)}', timestamptz '2026-02-03 10:00Z' + number * interval '1 day',
        case when number = 1 then ${marked} end
      from generate_series(0, 3) as number;`);
  const { stdout } = await database.ok(['init', '--yes', '--file', file()]);
  expect(stdout).toContain('is taken for the mark of a deleted tap, which is left out');
  expect(written()).toMatchObject({
    ARC_GAM_TAPS_ID1: `case when ${column} is ${type === 'boolean' ? 'not true' : 'null'} then id1 end`,
    ARC_GAM_TAPS_TIME: 'time',
  });
  const days = () =>
    database.rows(
      "select to_char(day, 'DD') as day from gamification.user_day_activity where user_id = $1 and tap_count > 0 order by day",
      [userId(1)],
    );
  expect((await days()).map(({ day }) => day)).toEqual(['03', '05', '06']);
  await database.ok(['capture', 'on'], written());
  await database.ok(['etl'], written());
  await database.client.query(
    `update public.taps set ${column} = case when id = 3 then ${marked} else ${plain} end`,
  );
  await database.ok(['etl'], written());
  expect((await days()).map(({ day }) => day)).toEqual(['03', '04', '06']);
  await database.ok(['verify', '--full'], written());
});

test('users without an id, such as those that are marked as deleted, are none', async () => {
  await database.client.query(`
    create table public.users (id uuid primary key, name text, home text, deleted_at timestamptz);
    create table public.taps (id serial primary key, id1 uuid, id2 uuid, "time" timestamptz);
    insert into public.users select * from (values
      ('${userId(1)}'::uuid, 'Ada', 'Austin, TX', null::timestamptz), ('${userId(2)}', 'Bo', 'Paris', null),
      ('${userId(3)}', 'Cy', 'Oslo', now()), ('${userId(4)}', 'Di', 'Rome', now())) as person;
    insert into public.taps (id1, id2, "time")
      select '${userId(1)}', person.id, timestamptz '2026-02-03 10:00Z' + person.number * interval '1 hour'
      from (values ('${userId(2)}'::uuid, 1), ('${userId(3)}', 2), ('${userId(4)}', 3)) as person (id, number);`);
  const given = { ARC_GAM_USERS_ID: 'case when deleted_at is null then id end' };
  const { stdout } = await database.ok(['init', '--dry-run']);
  expect(stdout).toContain(`ARC_GAM_USERS_ID='${given.ARC_GAM_USERS_ID}'`);
  await database.ok(['init', '--yes', '--file', file()], given);
  const people = () =>
    database.rows(
      'select user_id from gamification.user_streaks natural join gamification.home_location_struct order by user_id',
    );
  const ids = async () => (await people()).map(({ user_id }) => user_id);
  expect(await ids()).toEqual([userId(1), userId(2)]);
  await database.ok(['capture', 'on'], written());
  await database.ok(['etl'], written());
  // Who is marked is forgotten, who comes back or is not to be seen from the start is no outage.
  await database.client.query(`
    update public.users set deleted_at = case when name = 'Bo' then now() end where name in ('Bo', 'Cy');
    insert into public.users values ('${userId(5)}', 'El', 'Bonn', now());`);
  await database.ok(['etl'], written());
  expect(await ids()).toEqual([userId(1), userId(3)]);
  await database.ok(['verify', '--full'], written());
});

describe('what it can not know it says, and writes nothing', () => {
  test.each([
    ['', /No table looks like taps .*ARC_GAM_TAPS_TABLE/],
    ['create table users (id uuid primary key, name text)', /No table looks like taps/],
    [
      'create table taps (id uuid primary key, id1 uuid, id2 uuid, time timestamptz)',
      /No table looks like users .*ARC_GAM_USERS_TABLE/,
    ],
    [
      `create table users (id uuid primary key, name text); create schema old;
       create table taps (id uuid primary key, id1 uuid, id2 uuid, time timestamptz);
       create table old.taps (id uuid primary key, id1 uuid, id2 uuid, time timestamptz)`,
      /Each of old\.taps, public\.taps may be the taps: set ARC_GAM_TAPS_TABLE/,
    ],
    [
      `create table users (id uuid primary key, name text);
       create table taps (id uuid primary key, id1 uuid, id2 uuid, begun timestamptz, ended timestamptz)`,
      /has several times \(begun, ended\): set ARC_GAM_TAPS_TIME/,
    ],
    [
      `create table users (id uuid primary key, name text);
       create table taps (id uuid primary key, user_id uuid references users, host_id uuid references users,
         guest_id uuid references users, time timestamptz)`,
      /which two columns are the users of a tap\?.*ARC_GAM_TAPS_ID1/,
    ],
  ])('%s', async (tables, sentence) => {
    await database.client.query(`set search_path = public; ${tables}`);
    const { code, stderr, stdout } = await init(['--yes']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(existsSync(file())).toBe(false);
  });

  test('columns that name nobody are shown, not believed', async () => {
    await database.client.query(`
      create table public.users (id uuid primary key, name text);
      create table public.taps (id uuid primary key default gen_random_uuid(), id1 uuid, id2 uuid, "time" timestamptz);
      insert into public.taps (id1, id2, "time") values (gen_random_uuid(), gen_random_uuid(), now())`);
    const [event] = jsonLines((await init(['--dry-run', '--json'])).stdout);
    expect(event).toMatchObject({ event: 'init', tap_count: 1, known_count: 0, file: null });
  });
});

test('a point, PostGIS and a number by any usual name are places', () => {
  const column = (name: string, type: string, more: Partial<CatalogueColumn> = {}): CatalogueColumn => ({
    relation: 'public.taps',
    schema_name: 'public',
    table_name: 'taps',
    name,
    sql: name,
    type,
    is_unique: false,
    refers_to: null,
    ...more,
  });
  const users = { relation: 'public.users', table_name: 'users' };
  const base = [
    column('id', 'uuid', { is_unique: true }),
    column('id1', 'uuid'),
    column('id2', 'uuid'),
    column('time', 'timestamp with time zone'),
    column('id', 'uuid', { ...users, is_unique: true }),
    column('name', 'text', users),
  ];
  const latitude = (...place: CatalogueColumn[]) =>
    guessMapping([...base, ...place], {}).settings.find(({ key }) => key === 'tapsLatitude')?.value;
  expect(latitude(column('tap_lat', 'real'), column('tap_lng', 'real'))).toBe('tap_lat');
  expect(latitude(column('spot', 'point'))).toBe('(spot)[1]');
  expect(latitude(column('geom', 'geography'))).toBe('st_y(geom::geometry)');
  expect(latitude(column('geom', 'public.geometry'))).toBe('public.st_y(geom::public.geometry)');
  expect(latitude()).toBe('null::float8');
});

test('a settings file gives back what was put into it', () => {
  const values = [
    'plain',
    "concat_ws(' ', a, b)",
    '"Quoted" || \'x\'',
    "x ~ '^\\s*-?[0-9]+$'",
    "replace(name, '\\n', ' ')",
    '"C:\\rooms\\new"',
    'name\\new',
    'a # b',
    '',
  ];
  addSettings(
    file(),
    values.map((value, index) => ({ variable: `X${index}`, value, why: 'a test' })),
  );
  expect(Object.values(written())).toEqual(values);
  const text = 'concat_ws(\' \', "First", "Last")';
  rmSync(file());
  addSettings(file(), [{ variable: 'X', value: text, why: 'a test' }]);
  expect(written()).toEqual({ X: text });
  // As systemd reads it, too: it knows no backquotes.
  expect(readFileSync(file(), 'utf8')).toContain(`X=${text}\n`);
  expect(withoutPassword('postgres://me:secret@h/db?password=other&sslmode=require')).toBe(
    'postgres://me@h/db?sslmode=require',
  );
});
