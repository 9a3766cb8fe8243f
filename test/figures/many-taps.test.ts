import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { readSettings } from '../../src/config.js';
import { withDatabase } from '../../src/db/database.js';
import type { Wishes } from '../../src/pipeline/request.js';
import { runPipeline } from '../../src/pipeline/run.js';
import { scratchTables } from '../../src/pipeline/scratch.js';
import { quiet } from '../prove/world.js';
import { filledOnce, type TestDatabase, userId } from '../server/database.js';
import { definitionsOf } from '../server/definitions.js';
import { differencesOf } from './figures.js';
import { addHistory, first, last, zone } from './history.js';

// A batch of very many taps makes unlogged tables in the target schema, and fills empty tables without their indexes.
// Here a single tap is very many, and so is a row.

let database: TestDatabase;
let copy: () => Promise<TestDatabase>;
/** Which tables committed transactions made is noted: of the scratch tables nothing else outlives one. */
beforeAll(async () => {
  copy = await filledOnce(
    async (filled) => {
      await addHistory(filled);
      await filled.ok(['backfill', '--to', last], { ARC_GAM_TZ: zone });
      await filled.client.query(`
        create table public.made (schema_name text, identity text);
        create function public.note_made() returns event_trigger language plpgsql security definer as $$
        begin
          insert into public.made
          select schema_name, object_identity from pg_event_trigger_ddl_commands() where object_type = 'table';
        end
        $$;
        create event trigger made on ddl_command_end when tag in ('CREATE TABLE', 'CREATE TABLE AS')
          execute function public.note_made();`);
    },
    { twin: true },
  );
});
beforeEach(async () => {
  database = await copy();
});
afterEach(() => database.drop());

/** Runs in the schema `twin` with batches that have many taps. */
const runMany = (wishes: Partial<Wishes> = {}, url = database.url): Promise<void> => {
  const settings = readSettings({ databaseUrl: url, schema: 'twin' }, { ARC_GAM_TZ: zone });
  return withDatabase(settings, 'test', undefined, (opened) =>
    runPipeline(opened, settings, { command: 'test', to: last, manyTaps: 1, manyRows: 1, ...wishes }, quiet),
  );
};

/** Where scratch tables were made since this was asked last: in `twin`, or `pg_temp`. */
const madeIn = async (): Promise<string[]> => {
  const made = await database.rows<{ schema_name: string }>(
    `with noted as (delete from public.made returning schema_name, identity)
     select distinct schema_name from noted
     where split_part(identity, '.', 2) = any ($1) or identity like '%.stage' order by 1`,
    [scratchTables],
  );
  return made.map(({ schema_name }) => schema_name);
};

const expectEqual = async () =>
  expect(await differencesOf(database.client, 'twin', 'gamification')).toEqual([]);

/** A late tap, an edited one and a deleted one, and somebody who is gone: days and people are derived again. */
const changeHistory = async () => {
  await database.client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude) values ($1, $2, '2026-01-08T22:31:00Z', 47.55, -52.7)`,
    [userId(1), userId(9)],
  );
  await database.client.query(
    `delete from public.taps where id in (select id from public.taps order by time offset 20 limit 3);
     update public.taps set time = time + interval '3 days'
     where id in (select id from public.taps order by time offset 60 limit 3);
     delete from public.users where id = '${userId(7)}'`,
  );
};

test('batches of very many taps make what others make, of a first history, of changes and of other SQL', async () => {
  const before = await definitionsOf(database.client, 'twin');
  await runMany({ batchDays: 16 });
  expect(await madeIn()).toEqual(['twin']);
  await expectEqual();
  expect(await definitionsOf(database.client, 'twin')).toEqual(before);

  await changeHistory();
  await database.ok(['etl', '--date', last], { ARC_GAM_TZ: zone });
  expect(await madeIn()).toEqual(['pg_temp']);
  await runMany({ always: true });
  expect(await madeIn()).toEqual(['twin']);
  await expectEqual();

  // The tables are derived wholly, one after another, with a set of scratch tables each.
  await database.client.query(`
    update twin.derived_step set digest = 'of other SQL';
    update twin.pair set tap_count = tap_count + 1;
    insert into twin.stale_mark (day, reason) values ('${first}', 'a test')`);
  await runMany();
  expect(await madeIn()).toContain('twin');
  await expectEqual();
  expect(await definitionsOf(database.client, 'twin')).toEqual(before);
});

test('a table that somebody reads just now is filled with its indexes', async () => {
  const before = await definitionsOf(database.client, 'twin');
  await database.client.query('begin; select count(*) from twin.user_day_activity');
  await runMany();
  await database.client.query('commit');
  await expectEqual();
  expect(await definitionsOf(database.client, 'twin')).toEqual(before);
});

test('a batch that fails leaves none of its tables, and nothing of what it wrote', async () => {
  await runMany({ to: '2026-01-08' });
  await madeIn();
  const before = await definitionsOf(database.client, 'twin');
  const figures = await database.rows('select * from twin.processed_day order by day');
  await database.client.query(`
    create function public.refuse() returns trigger language plpgsql as $$ begin raise 'not this one'; end $$;
    create trigger refuse before insert or update on twin.weekly_leaderboard
      for each row execute function public.refuse()`);
  await expect(runMany()).rejects.toThrow('not this one');
  expect(await definitionsOf(database.client, 'twin')).toEqual(before);
  expect(await database.rows('select * from twin.processed_day order by day')).toEqual(figures);
  await database.client.query('drop trigger refuse on twin.weekly_leaderboard');
  await runMany();
  await expectEqual();
});

test('a role that may not create tables in the schema makes temporary ones', async () => {
  const role = `arc_gam_many_${process.pid}`;
  await database.client.query(`
    create role ${role} login password 'many';
    grant usage on schema twin to ${role};
    grant select, insert, update, delete on all tables in schema twin to ${role};
    grant usage, select on all sequences in schema twin to ${role};`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'many';
  try {
    await runMany({}, url.href);
    expect(await madeIn()).toEqual(['pg_temp']);
    await expectEqual();
  } finally {
    await database.client.query(`drop owned by ${role}; drop role ${role}`);
  }
});

test.each(['stage', 'batch_day'])('a table %s that is in the way stays as it is', async (name) => {
  await database.client.query(
    `create table twin.${name} (note text); insert into twin.${name} values ('mine')`,
  );
  await madeIn();
  for (const [to, manyTaps] of [
    ['2026-01-08', 1],
    [last, undefined],
  ] as const) {
    await runMany({ to, manyTaps });
    expect(await madeIn()).toEqual(['pg_temp']);
  }
  // Without anything to do as well: a stage without rows is dropped, too.
  await runMany({ always: true });
  expect(await database.rows(`select note from twin.${name}`)).toEqual([{ note: 'mine' }]);
  await database.client.query(`drop table twin.${name}`);
  await expectEqual();
});
