import { afterEach, expect, test } from 'vitest';
import { figuresOf } from '../figures/community.js';
import { addUsers, createDatabase, type TestDatabase } from '../server/database.js';

let database: TestDatabase;
afterEach(() => database.drop());

/** Enough taps, of the 60 days before one, for tables to be filled without their indexes. */
const addHistory = async (before = '2025-03-31'): Promise<void> => {
  await database.client.query(
    `insert into public.taps (id1, id2, time)
     select ('00000000-0000-4000-8000-' || lpad((1 + one)::text, 12, '0'))::uuid,
       ('00000000-0000-4000-8000-' || lpad((1 + (one + 1 + other) % 30)::text, 12, '0'))::uuid,
       $1::timestamp at time zone 'UTC' - day * interval '1 day' + (n * 37 % 1440) * interval '1 minute'
     from generate_series(1, 20000) as n
     cross join lateral (
       select (hashint4(n) & 65535) % 30 as one, (hashint4(n + 1000000) & 65535) % 29 as other,
         (hashint4(n + 2000000) & 65535) % 60 as day
     ) as drawn`,
    [before],
  );
};

/** Every index and constraint of the schema, with all that is said about it. */
const keys = (): Promise<unknown[]> =>
  database.rows(
    `select pg_get_indexdef(indexrelid) as definition, obj_description(indexrelid, 'pg_class') as comment
     from pg_index join pg_class on pg_class.oid = indrelid where relnamespace = 'gamification'::regnamespace
     union all
     select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint')
     from pg_constraint where connamespace = 'gamification'::regnamespace
     order by 1`,
  );

const fileOf = (table: string): Promise<{ file: number }[]> =>
  database.rows<{ file: number }>(
    `select pg_relation_filenode(indexrelid)::integer as file from pg_index where indrelid = '${table}'::regclass and indisprimary`,
  );

test('a first backfill makes keys after filling, as they were, and figures as with keys', async () => {
  database = await createDatabase();
  await addUsers(database, ...Array.from({ length: 30 }, (_, index) => index + 1));
  await addHistory();
  const before = await keys();
  const [unfilled] = await fileOf('pair_day');
  await database.ok(['backfill', '--to', '2025-03-31']);
  expect(await fileOf('pair_day')).not.toEqual([unfilled]);
  expect(await keys()).toEqual(before);
  const filled = await figuresOf(database);

  // Somebody is reading: the table keeps its keys, nobody waits.
  const [remade] = await fileOf('pair_day');
  await database.client.query(
    'truncate pair_day, pair, friend_list, user_day_activity, activity_run, user_week_activity, user_streaks, edge_strength, weekly_leaderboard, processed_day, second_degree, user_key, user_quest_progress, quest_derived',
  );
  const [emptied] = await fileOf('pair_day');
  expect(emptied).not.toEqual(remade);
  await database.client.query('begin; lock table pair_day in access share mode');
  await database.ok(['backfill', '--to', '2025-03-31']);
  await database.client.query('commit');
  expect(await fileOf('pair_day')).toEqual([emptied]);
  expect(await keys()).toEqual(before);
  expect(await figuresOf(database)).toBe(filled);

  // There are rows, which somebody may want to read: as many more are added beside the keys.
  await addHistory('2025-05-30');
  await database.ok(['etl', '--date', '2025-05-29']);
  expect(
    await database.rows("select count(*) > 10000 as are_many from pair_day where day > '2025-03-31'"),
  ).toEqual([{ are_many: 't' }]);
  expect(await fileOf('pair_day')).toEqual([emptied]);
});

test('a batch keeps no room of its own until it ends: what nobody reads any more is given back at once', async () => {
  database = await createDatabase();
  await addUsers(database, ...Array.from({ length: 30 }, (_, index) => index + 1));
  await addHistory();
  // What is only dropped is on the disk still when the batch commits.
  await database.client.query(`
    create table public.size_at_commit (bytes bigint);
    create function public.note_size() returns trigger language plpgsql security definer as $$
    begin
      insert into public.size_at_commit values (pg_database_size(current_database()));
      return null;
    end
    $$;
    create constraint trigger noted after insert on processed_day deferrable initially deferred
      for each row execute function public.note_size();`);
  const sizeNow = 'pg_database_size(current_database())';
  const [{ before } = {}] = await database.rows(`select ${sizeNow} as before`);
  await database.ok(['backfill', '--to', '2025-03-31']);
  const [seen] = await database.rows(
    `select (max(bytes) - ${sizeNow})::float8 as own, (${sizeNow} - $1::bigint)::float8 as stored from public.size_at_commit`,
    [before],
  );
  expect(Number(seen?.own)).toBeGreaterThan(0);
  expect(Number(seen?.own)).toBeLessThan(0.8 * Number(seen?.stored));
});
