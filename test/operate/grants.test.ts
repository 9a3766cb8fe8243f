import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { readSettings } from '../../src/config.js';
import { grantsSql } from '../../src/migrate/grants.js';
import { runCli } from '../command/cli.js';
import { startTestServer } from '../serve/serve.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';

const suffix = randomUUID().slice(0, 8);
const roles = {
  admin: `admin_${suffix}`,
  owner: `Owner-${suffix}@project.iam`,
  job: `job_${suffix}`,
  reader: `reader_${suffix}`,
};
const names = ['--owner', roles.owner, '--job', roles.job, '--reader', roles.reader];
const password = `pw-${suffix}`;
let database: TestDatabase;
let job: pg.Client;
let reader: pg.Client;

const urlOf = (role: string): string => {
  const url = new URL(database.url);
  url.username = encodeURIComponent(role);
  url.password = password;
  return url.href;
};
const as = (role: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  runCli(args, { DATABASE_URL: urlOf(role), ...environment });
const connectAs = async (role: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: urlOf(role) });
  await client.connect();
  return client;
};
const refused = (client: pg.Client, statement: string) =>
  expect(client.query(statement), statement).rejects.toMatchObject({ code: '42501' });
const exitsWell = (result: { code: number | null; stderr: string }) =>
  expect(result, result.stderr).toMatchObject({ code: 0 });

const spoilStreaks = () =>
  database.client.query('update gamification.user_streaks set longest_streak_days = 77');

/** Nobody's superuser: as on Cloud SQL, an administrator that may create roles and owns the application's tables. */
beforeAll(async () => {
  database = await createDatabase({ empty: true });
  const name = new URL(database.url).pathname.slice(1);
  await database.client.query(`
    create role ${roles.admin} login createrole password '${password}';
    grant create on database ${name} to ${roles.admin} with grant option;
    grant connect, temporary on database ${name} to ${roles.admin} with grant option;
    create schema "Shop" authorization ${roles.admin};
    create schema other;
    create table other.secret (id integer);
    create table public.users (id uuid primary key, name text, home text);
    alter table public.users owner to ${roles.admin};
    create table public.taps (
      id uuid primary key default gen_random_uuid(), id1 uuid, id2 uuid, time timestamptz,
      latitude double precision, longitude double precision
    );
    create index on public.taps (time);
    alter table public.taps owner to ${roles.admin};
    revoke create on schema public from public;
    revoke temporary on database ${name} from public;
    grant usage on schema public to ${roles.admin} with grant option;`);
  exitsWell(await as(roles.admin, ['grants', '--apply', ...names]));
  for (const role of [roles.owner, roles.job, roles.reader]) {
    await database.client.query(`alter role "${role}" password '${password}'`);
  }
  exitsWell(await as(roles.owner, ['migrate']));
  job = await connectAs(roles.job);
  reader = await connectAs(roles.reader);
});

afterAll(async () => {
  await job?.end();
  await reader?.end();
  await database.drop();
  const server = new pg.Client({ connectionString: inject('serverUrl') });
  await server.connect();
  await server.query(`drop role "${Object.values(roles).join('", "')}"`);
  await server.end();
});

describe('with the rights that arc-gam grants gives', () => {
  test('the job role backfills, runs every night and repairs an edited day', async () => {
    await addUsers(database, 1, 2, 3);
    await addTap(database, 1, 2, '2026-01-01T10:00Z');
    await addTap(database, 2, 3, '2026-01-02T10:00Z');
    exitsWell(await as(roles.job, ['backfill', '--to', '2026-01-02']));
    exitsWell(await as(roles.job, ['etl', '--date', '2026-01-03']));
    await database.client.query("update public.taps set time = time + interval '1 hour' where id2 = $1", [
      '00000000-0000-4000-8000-000000000003',
    ]);
    await database.client.query('delete from public.taps where id1 = $1', [
      '00000000-0000-4000-8000-000000000001',
    ]);
    exitsWell(await as(roles.job, ['etl', '--date', '2026-01-04']));
    expect(await database.rows('select u1, taps_90d from gamification.edge_strength')).toEqual([
      { u1: '00000000-0000-4000-8000-000000000002', taps_90d: '1' },
    ]);
  });

  test('the job rebuilds, verifies, repairs and looks at everything', async () => {
    const edges = () =>
      database.rows('select u1, u2, taps_90d, strength_f32 from gamification.edge_strength');
    const before = await edges();
    exitsWell(await as(roles.job, ['backfill', '--rebuild', '--to', '2026-01-04']));
    expect(await edges()).toEqual(before);
    expect(before.length).toBeGreaterThan(0);
    exitsWell(await as(roles.job, ['verify', '--full']));
    await spoilStreaks();
    exitsWell(await as(roles.job, ['verify', '--full', '--repair']));
    for (const command of ['capture status', 'quests', 'migrate status', `why streak --user ${userId(2)}`])
      exitsWell(await as(roles.job, command.split(' ')));
    // Long ago, so that the figures are days behind: an answer, not an error.
    expect(await as(roles.job, ['status'])).toMatchObject({ code: 3, stderr: '' });
    for (const command of ['freeze --before 2026-01-03', 'verify --full', 'thaw', 'etl --date 2026-01-04'])
      exitsWell(await as(roles.job, command.split(' ')));
    expect(await edges()).toEqual(before);
  });

  test("who may act as the owner makes what is the owner's: an administrator, a superuser", async () => {
    const foreign = () =>
      database.rows(
        `select relname as name from pg_class
         where relnamespace = 'gamification'::regnamespace and pg_get_userbyid(relowner) <> '${roles.owner}'
         union all
         select proname from pg_proc
         where pronamespace = 'gamification'::regnamespace and pg_get_userbyid(proowner) <> '${roles.owner}'`,
      );
    exitsWell(await as(roles.admin, ['capture', 'on']));
    exitsWell(await as(roles.admin, ['migrate'], { ARC_GAM_TAPS_LONGITUDE: 'longitude + 0' }));
    expect(await foreign()).toEqual([]);
    exitsWell(await database.cli(['migrate'], { ARC_GAM_TAPS_LONGITUDE: 'longitude' }));
    exitsWell(await database.cli(['capture', 'on']));
    expect(await foreign()).toEqual([]);
    exitsWell(await as(roles.job, ['etl', '--date', '2026-01-04']));

    // As an earlier version left them.
    await database.client.query(`alter function gamification.capture_taps() owner to "${roles.admin}"`);
    const result = await as(roles.owner, ['migrate'], { ARC_GAM_TAPS_LONGITUDE: 'longitude + 0' });
    expect(result.code).toBe(1);
    const [, advice = ''] = /(alter function .*;) then run/.exec(result.stderr) ?? [];
    const admin = await connectAs(roles.admin);
    await admin.query(advice);
    await admin.end();
    exitsWell(await as(roles.owner, ['migrate'], { ARC_GAM_TAPS_LONGITUDE: 'longitude + 0' }));
    expect(await foreign()).toEqual([]);
    exitsWell(await as(roles.admin, ['capture', 'off']));
    exitsWell(await as(roles.owner, ['migrate'], { ARC_GAM_TAPS_LONGITUDE: 'longitude' }));
  });

  test.each([
    [['migrate'], `it belongs to '${roles.owner}'. Run migrate as that role`],
    [['migrate', 'down', '--all'], `it belongs to '${roles.owner}'. Run migrate as that role`],
    [['migrate', '--dry-run'], 'The role may not read public.users'],
    [['capture', 'on'], 'The role may not read public.users'],
    [['grants', '--apply', ...names.slice(0, 5), 'other'], 'may not grant that'],
  ])('the job is told who may %j', async (args, words) => {
    const result = await as(roles.job, args);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain(words);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
  });

  test('the reader verifies, asks why and serves, and repairs nothing', async () => {
    for (const command of [
      'capture status',
      'quests',
      'migrate status',
      'verify --full',
      `why streak --user ${userId(2)}`,
    ])
      exitsWell(await as(roles.reader, command.split(' ')));
    expect(await as(roles.reader, ['status'])).toMatchObject({ code: 3, stderr: '' });
    const server = await startTestServer(urlOf(roles.reader));
    try {
      const answers = ['weekly', 'quests', 'radar', 'health'].map((name) =>
        server.get(`/api/community/${name}?user_id=${userId(2)}`),
      );
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    } finally {
      await server.stop();
    }
    await spoilStreaks();
    const repair = await as(roles.reader, ['verify', '--full', '--repair']);
    expect(repair.code).toBe(1);
    expect(repair.stderr).toContain('arc-gam grants prints the SQL');
    exitsWell(await as(roles.job, ['verify', '--full', '--repair']));
  });

  test('the reader reads every relation of the schema and writes none', async () => {
    const relations = await database.rows<{ name: string }>(
      "select oid::regclass::text as name from pg_class where relnamespace = 'gamification'::regnamespace and relkind in ('r', 'v')",
    );
    expect(relations.length).toBeGreaterThan(10);
    for (const { name } of relations) {
      await reader.query(`select count(*) from gamification.${name}`);
    }
    const writable = await reader.query(
      `select oid::regclass::text from pg_class where relnamespace = 'gamification'::regnamespace
       and relkind in ('r', 'v') and has_table_privilege(oid, 'insert, update, delete, truncate')`,
    );
    expect(writable.rows).toEqual([]);
    await refused(reader, 'delete from gamification.user_streaks');
    await refused(reader, "insert into gamification.setting (key, value) values ('a', 'b')");
    await refused(reader, "update gamification.run set state = 'done'");
    for (const command of ['etl --date 2026-01-05', 'freeze --before 2026-01-03', 'thaw']) {
      const run = await as(roles.reader, command.split(' '));
      expect(run.code).toBe(1);
      expect(run.stderr).toContain('arc-gam grants prints the SQL');
    }
  });

  test.each(['job', 'reader'] as const)('the %s reads and writes nothing else', async (role) => {
    const client = role === 'job' ? job : reader;
    await refused(client, 'select from public.taps');
    await refused(client, 'select from public.users');
    await refused(client, 'insert into public.taps (id1) values (null)');
    await refused(client, 'select from other.secret');
    await refused(client, 'create table gamification.mine (id integer)');
    await refused(client, 'create table public.mine (id integer)');
    await refused(client, 'create schema mine');
    await refused(client, 'drop table gamification.run_step');
    await refused(client, 'truncate gamification.schema_migration');
    await refused(client, 'alter table gamification.run_step add column more integer');
    await refused(client, 'create role mine');
    await refused(client, "copy (select 1) to program 'true'");
    const { rows } = await client.query(
      `select class.oid::regclass::text as relation
       from pg_class as class join pg_namespace as space on space.oid = class.relnamespace
       where space.nspname not in ('gamification', 'pg_catalog', 'information_schema', 'pg_toast')
         and space.nspname not like 'pg_temp%' and class.relkind in ('r', 'v', 'p', 'm', 'f')
         and has_table_privilege(class.oid, 'select, insert, update, delete, truncate')`,
    );
    expect(rows).toEqual([]);
  });

  test("the job does not write through a view with its owner's rights, nor what migrate noted", async () => {
    // The owner could: only then does a writable view matter.
    await database.client.query(`grant insert, delete on public.taps to "${roles.owner}"`);
    await refused(job, 'insert into gamification.tap (id1) values (null)');
    await refused(job, 'delete from gamification.tap');
    await refused(job, 'delete from gamification.app_user');
    await refused(job, "update gamification.schema_file set sha256 = ''");
    await refused(job, 'delete from gamification.schema_migration');
  });

  test('views made anew keep the rights, and only those', async () => {
    exitsWell(await as(roles.owner, ['migrate'], { ARC_GAM_TAPS_LATITUDE: 'latitude + 0' }));
    await job.query('select count(*) from gamification.classified_tap');
    await reader.query('select count(*) from gamification.app_user');
    await refused(job, 'insert into gamification.tap (id1) values (null)');
  });

  test('granting again changes nothing', async () => {
    const rights = () =>
      database.rows(
        "select relname, relacl::text from pg_class where relnamespace = 'gamification'::regnamespace and relkind in ('r', 'v') order by 1",
      );
    exitsWell(await as(roles.admin, ['grants', '--apply', ...names]));
    const before = await rights();
    exitsWell(await as(roles.admin, ['grants', '--apply', ...names]));
    expect(await rights()).toEqual(before);
  });
});

describe('arc-gam grants', () => {
  test('prints what --apply runs, names quoted', async () => {
    const printed = await as(roles.admin, ['grants', ...names]);
    expect(printed.stdout).toContain(
      `grant select on "public"."taps", "public"."users" to "${roles.owner}";`,
    );
    expect(printed.stdout).not.toMatch(/:["']\w+["']/);
    await database.client.query(printed.stdout);
  });

  test('a grant of which the server only warns is no success', async () => {
    // Who may read the table and may not pass that on.
    await database.client.query(`
      create schema apart; create table apart.taps (like public.taps);
      grant usage on schema apart to ${roles.admin}; grant select on apart.taps to ${roles.admin}`);
    const result = await as(roles.admin, ['grants', '--apply', ...names], {
      ARC_GAM_TAPS_TABLE: 'apart.taps',
    });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('usage of schema apart, select on apart.taps');
    expect(result.stderr).toContain('to their owner. Nothing was changed.');
  });

  test.each([
    ['job', 'x"; drop table run; --', 'not a role name'],
    ['job', "x'", 'not a role name'],
    ['job', '$$', 'not a role name'],
    ['owner', 'pg_monitor', 'not a role name'],
    ['reader', 'é'.repeat(40), 'not a role name'],
    ['reader', roles.job, 'three different roles'],
  ])('refuses --%s %s', (flag, name, words) => {
    const settings = readSettings({ databaseUrl: database.url }, {});
    expect(() => grantsSql(settings, { ...roles, [flag]: name })).toThrow(words);
  });

  test("refuses a schema that is shared, and one that is somebody else's", async () => {
    const shared = await as(roles.admin, ['grants', '--apply', '--schema', 'public', ...names]);
    expect(shared).toMatchObject({ code: 2 });
    const foreign = await database.cli(['grants', '--apply', '--schema', 'other', ...names]);
    expect(foreign).toMatchObject({ code: 1 });
    expect(foreign.stderr).toContain('Not everything in schema other belongs to');
  });

  test('a table that is not there is told with its setting, and nobody is advised to migrate', async () => {
    const result = await as(roles.admin, ['grants', '--apply', ...names], {
      ARC_GAM_TAPS_TABLE: 'public.tap',
    });
    expect(result).toMatchObject({ code: 2 });
    expect(result.stderr).toContain('There is no table public.tap in this database (ARC_GAM_TAPS_TABLE)');
    expect(result.stderr).not.toContain('arc-gam migrate');
  });

  test('says what is missing where the role may not grant, and changes nothing', async () => {
    const result = await as(roles.job, [
      'grants',
      '--apply',
      '--owner',
      `nobody_${suffix}`,
      '--job',
      roles.job,
      '--reader',
      roles.reader,
    ]);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain('may not grant that');
  });
});
