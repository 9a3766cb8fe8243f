import pg from 'pg';
import { describe, expect, test as plainTest, vi } from 'vitest';
import { convergingSteps } from '../../src/pipeline/meaning.js';
import { loadSteps } from '../../src/pipeline/order.js';
import { addDays } from '../../src/pipeline/plan.js';
import { jsonLines, startCli } from '../command/cli.js';
import { addTap, addUsers, createDatabase, type TestDatabase } from '../server/database.js';
import { withinOneDay } from '../server/day.js';

let database: TestDatabase | undefined;
let today: string;
const test = (name: string, use: () => Promise<void>) =>
  plainTest(
    name,
    withinOneDay(async (day) => {
      today = day;
      try {
        await use();
      } finally {
        await database?.drop();
        database = undefined;
      }
    }),
  );

interface Answer {
  readonly isWell: boolean;
  readonly attention: readonly { readonly what: string; readonly command: string }[];
  readonly runs: readonly { readonly run_id: number; readonly command: string; readonly state: string }[];
  readonly outdatedTables: readonly string[];
}

const status = async (target: TestDatabase) => {
  const { code, stdout, stderr } = await target.cli(['status', '--json']);
  const [answer] = jsonLines(stdout) as unknown as Answer[];
  return {
    code,
    stderr,
    isWell: answer?.isWell,
    attention: answer?.attention ?? [],
    runs: answer?.runs ?? [],
    outdatedTables: answer?.outdatedTables,
  };
};

const yesterday = (): string => addDays(today, -1);

test('a schema that is not there is a sentence, not an error', async () => {
  database = await createDatabase({ empty: true });
  const { code, attention, stderr } = await status(database);
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
  expect(attention).toEqual([
    { what: "The schema 'gamification' has not been set up.", command: 'arc-gam migrate' },
  ]);
});

test('from nothing processed to all well, to a late tap, to a dead run', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, `${yesterday()}T10:00Z`);
  const { attention, outdatedTables } = await status(database);
  expect(attention).toEqual([{ what: 'No day has been processed yet.', command: 'arc-gam backfill' }]);
  expect(outdatedTables).toEqual([]);
  await database.ok(['etl']);
  expect(await status(database)).toMatchObject({ code: 0, stderr: '', isWell: true, attention: [] });
  const screen = await database.cli(['status']);
  expect(screen.stdout).toContain('All is well');
  expect(screen.stdout).toContain(`as of      ${yesterday()} (zone UTC)`);

  await addTap(database, 1, 2, `${yesterday()}T11:00Z`);
  const late = await status(database);
  expect(late.code).toBe(3);
  expect(late.attention[0]?.what).toContain(`${yesterday()} (taps: 1 when it was processed, 2 now)`);
  await database.ok(['etl']);

  await database.client.query(
    "insert into run (run_id, command, state, started_at, host, pid) values (99, 'etl', 'running', now(), 'elsewhere', 1)",
  );
  const dead = await status(database);
  expect(dead.attention[0]?.what).toContain('Run 99 (etl) is dead');
  expect(dead.runs[0]).toMatchObject({ run_id: 99, state: 'dead' });
  expect((await database.cli(['status'])).stdout).toMatch(/99 +etl +dead/);
  expect((await database.cli(['metrics'])).stdout).toContain('arc_gam_last_run_state{state="dead"} 1');
  // The run that is asked for sees to it, although nothing is left to derive.
  await database.ok(['etl']);
  expect((await status(database)).attention).toEqual([]);
});

describe('what status advises makes it well, although nothing is left to derive', () => {
  const withRun = async (run: string) => {
    database = await createDatabase();
    await addUsers(database, 1, 2);
    await addTap(database, 1, 2, `${yesterday()}T10:00Z`);
    await database.ok(['etl']);
    await database.client.query(
      `insert into run (run_id, command, state, started_at, ended_at, message, host, pid)
       values (99, 'follow', ${run}, 'elsewhere', 1)`,
    );
    return database;
  };
  const stateOfFollow = async ({ rows }: TestDatabase) => {
    const [run] = await rows<{ state: string }>('select state from run where run_id = 99');
    return run?.state;
  };

  test('a follow that vanished is closed by an etl, but not one that goes on', async () => {
    const target = await withRun("'running', now(), null, null");
    const follower = new pg.Client({ connectionString: target.url });
    follower.on('error', () => undefined);
    await follower.connect();
    await follower.query("select pg_advisory_lock(x'6167616d'::integer, hashtext('gamification follow'))");
    await target.ok(['etl']);
    expect((await status(target)).runs[0]?.state).toBe('running');
    await follower.end();
    const { attention } = await status(target);
    expect(attention).toMatchObject([
      { what: expect.stringContaining('Run 99 (follow) is dead'), command: 'arc-gam etl' },
    ]);
    await target.ok(['etl']);
    expect(await stateOfFollow(target)).toBe('dead');
    expect(await status(target)).toMatchObject({ code: 0, attention: [] });
  });

  test('a run that failed is followed by one that did not, and that is noted once', async () => {
    const target = await withRun("'failed', now(), now(), 'follow needs capture, which is off'");
    expect((await status(target)).attention).toMatchObject([
      { what: expect.stringContaining('(follow) ended as failed'), command: 'arc-gam etl' },
    ]);
    await target.ok(['etl', '--dry-run']);
    expect((await status(target)).code).toBe(3);
    await target.ok(['etl']);
    await target.ok(['etl']);
    const { code, attention, runs } = await status(target);
    expect({ code, attention }).toEqual({ code: 0, attention: [] });
    expect(runs.map(({ command, state }) => `${command} ${state}`)).toEqual([
      'etl done',
      'follow failed',
      'etl done',
    ]);
  });
});

test('while a run is under way its holder is named, and nobody is told to start another', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, `${yesterday()}T10:00Z`);
  await database.client.query('begin; lock table gamification.processed_day in exclusive mode');
  const run = startCli(['etl'], { DATABASE_URL: database.url, ARC_GAM_LOCK_TIMEOUT_MS: '60000' });
  await vi.waitFor(
    async () =>
      expect(
        await database?.rows(
          `select 1 from pg_locks where locktype = 'advisory' and granted
           and database = (select oid from pg_database where datname = current_database())`,
        ),
      ).toHaveLength(1),
    { timeout: 20_000 },
  );
  const { code, stdout } = await database.cli(['status']);
  expect(code).toBe(3);
  expect(stdout).toMatch(/lock +held by arc-gam etl/);
  expect(stdout).toContain('A run is under way: look again when it has ended.');
  expect(stdout).not.toContain('Run:');
  await database.client.query('rollback');
  expect(await run.ended).toMatchObject({ code: 0 });
  expect((await status(database)).code).toBe(0);
});

test('it answers while a first backfill has locked the tables that it fills without their keys', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, `${yesterday()}T10:00Z`);
  await database.ok(['etl']);
  const filled = [...new Set(convergingSteps(loadSteps()).map(({ table }) => table))].filter(
    (table) => table !== 'processed_day',
  );
  await database.client.query(
    `begin; lock table ${filled.map((table) => `gamification.${table}`).join(', ')} in access exclusive mode`,
  );
  for (const words of [['status'], ['status', '--indexes'], ['metrics']])
    expect(await database.cli(words)).toMatchObject({ stderr: '', code: 0 });
  expect((await database.cli(['status'])).stdout).toMatch(
    /^changed +no week is written, or its table is locked$/m,
  );
  await database.client.query('rollback');
});

test('the health of the source: ignored rows by reason, taps of the future, an index on their time', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, `${yesterday()}T10:00Z`);
  await addTap(database, 1, 1, `${yesterday()}T10:00Z`);
  await database.ok(['etl']);
  expect((await database.cli(['status'])).stdout).toContain('1 ignored row on processed days (1 self tap)');
  await addTap(database, 1, 2, '2999-01-01T10:00Z');
  expect((await status(database)).attention[0]?.what).toMatch(/^1 tap is of a day that has not begun/);
  await database.client.query('drop index public.taps_time');
  expect((await status(database)).attention[0]?.what).toMatch(/^No index begins with the time of taps/);
});

test('a day that was left out, a mark, broken capture and a follow that is late are said, each with its command', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  for (const day of [1, 2, 3]) await addTap(database, 1, 2, `2026-02-0${day}T10:00Z`);
  await database.ok(['etl', '--date', '2026-02-03']);
  await database.ok(['capture', 'on']);
  const said = [
    { what: '1 day before the as-of day was never processed.', command: 'arc-gam etl' },
    { what: '1 day or user is marked to be derived again (a test).', command: 'arc-gam etl' },
    {
      what: expect.stringMatching(/^The follow is .+ behind the oldest change\.$/),
      command: 'arc-gam status --json',
    },
    { what: 'Capture is broken: a trigger is missing or switched off.', command: 'arc-gam capture on' },
  ];
  const before = (await status(database)).attention;
  for (const each of said) expect(before).not.toContainEqual(each);
  await database.client.query(
    `delete from processed_day where day = '2026-02-02';
     insert into stale_mark (day, reason) values ('2026-02-03', 'a test');
     insert into change_queue (utc_day, noted_at) values ('2026-02-03', now() - interval '2 minutes');
     alter table public.taps disable trigger user;
     select pg_advisory_lock(x'6167616d'::integer, hashtext('gamification follow'))`,
  );
  const after = (await status(database)).attention;
  for (const each of said) expect(after).toContainEqual(each);
});

test('tables of other SQL, and quests that changed, are no “all is well”', async () => {
  const waiting = await createDatabase();
  try {
    await addUsers(waiting, 1, 2);
    await addTap(waiting, 1, 2, '2026-02-02T10:00Z');
    await waiting.ok(['backfill']);
    expect((await waiting.ok(['status'])).stdout).toContain('All is well');
    await waiting.client.query(
      `update gamification.derived_step set digest = 'another' where step in ('user_streaks', 'edge_strength');
       update gamification.quest_definitions set requirements = requirements || '{"target": 77}'`,
    );
    const { code, stdout } = await waiting.cli(['status']);
    expect(code).toBe(3);
    expect(stdout).not.toContain('All is well');
    expect(stdout).toMatch(/2 tables are derived by another version of the SQL: .*user_streaks/);
    expect(stdout).toMatch(/\d+ quests were defined or changed since the last run: .*, \.\.\.\./);
    await waiting.ok(['etl']);
    expect((await waiting.ok(['status'])).stdout).toContain('All is well');
  } finally {
    await waiting.drop();
  }
});

test('a role that may only read sees it all', async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, `${yesterday()}T10:00Z`);
  await database.ok(['etl']);
  const role = `arc_gam_reader_${process.pid}`;
  await database.client.query(
    `create role ${role} login password 'reader'; grant usage on schema gamification to ${role};
     grant select on all tables in schema gamification to ${role}`,
  );
  try {
    const url = new URL(database.url);
    url.username = role;
    url.password = 'reader';
    const result = await database.cli(['status', '--database-url', url.href]);
    expect(result).toMatchObject({ code: 0, stderr: '' });
  } finally {
    await database.client.query(`drop owned by ${role}; drop role ${role}`);
  }
});

test('a database that does not answer is exit code 5', async () => {
  database = await createDatabase({ empty: true });
  const { code, stderr } = await database.cli([
    'status',
    '--database-url',
    'postgres://nobody@127.0.0.1:1/none',
  ]);
  expect(code).toBe(5);
  expect(stderr).toContain("can't be reached");
});
