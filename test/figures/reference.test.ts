import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { runCommand } from '../../bench/measure.js';
import { differencesFromReference, referenceTables, runReference } from '../../bench/reference.js';
import { makeData, openWorld, type World } from '../../bench/world.js';
import { allFigures } from './figures.js';

// The bench says how much longer arc-gam takes than hand-written SQL: only a reference that says the same measures
// something.

let world: World;

beforeAll(async () => {
  world = await openWorld('reference', inject('serverUrl'));
  await makeData(world.client, { users: 120, taps: 9_000, days: 80 }, 1);
  // A crowd in one cell in the tenth week, taps that do not count, three and more of a pair on a day, and somebody who
  // left.
  await world.client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude)
     select one.id, other.id, timestamptz '2024-03-08 20:10Z' + one.number * interval '1 minute', 40.7, -74.0
     from (select id, row_number() over (order by id) as number from public.users) as one
     join (select id, row_number() over (order by id desc) as number from public.users) as other using (number)
     where one.id <> other.id and one.number <= 45
     union all
     select one.id, other.id, timestamptz '2024-01-01 12:00Z' + week * interval '7 days', 40.7, -74.0
     from (select id from public.users order by id limit 1) as one
     cross join (select id from public.users order by id desc limit 1) as other
     cross join generate_series(0, 8) as given (week)
     union all
     select id1, id2, time + given.more * interval '1 minute', null, null
     from public.taps cross join generate_series(1, 3) as given (more) where id % 500 = 7
     union all
     select id1, id1, time, null, null from public.taps where id % 900 = 1
     union all
     select id1, null, time, null, null from public.taps where id % 900 = 2`,
  );
  await world.client.query(
    'delete from public.users where id = (select id from public.users order by id offset 60 limit 1)',
  );
  await runCommand(world, 'migrate');
  await runCommand(world, 'backfill', '--to', '2024-03-16');
  await runReference(world, { through: '2024-03-16' });
});

afterAll(() => world.close());

test('the reference of the bench says what arc-gam says, row for row', async () => {
  expect(await differencesFromReference(world.client)).toEqual([]);
  const { rows } = await world.client.query<{ surges: number; done: number; unknown: number; near: number }>(
    `select
       (select count(*)::integer from reference.surge_windows) as surges,
       (select count(completed_at)::integer from reference.user_quest_progress) as done,
       (select count(*)::integer from reference.unknown_user_day) as unknown,
       (select max(second_degree_new_count) from reference.user_week_activity) as near`,
  );
  expect(Math.min(...Object.values(rows[0] ?? {}))).toBeGreaterThan(0);
});

test('every stored table has a reference', async () => {
  const stored = await allFigures(world.client, 'gamification');
  const compared = referenceTables.filter((table) => table.compared !== null).map(({ table }) => table);
  // With which definition a quest was derived is no figure.
  expect([...compared, 'quest_derived'].sort()).toEqual(stored.map(({ table }) => table).sort());
});

test('a wrong row of any table is told', async () => {
  const wrong = {
    user_quest_progress:
      'set completed_at = completed_at + interval $$1 second$$ where completed_at is not null',
    user_week_activity: 'set second_degree_new_count = second_degree_new_count + 1',
    pair: 'set tap_count = tap_count + 1',
    surge_windows: 'set expected_taps = expected_taps + 0.001',
  };
  await world.client.query('begin');
  for (const [table, change] of Object.entries(wrong))
    await world.client.query(`update gamification.${table} ${change}`);
  const differences = await differencesFromReference(world.client);
  await world.client.query('rollback');
  expect(differences.map((text) => text.split(':')[0]).sort()).toEqual(Object.keys(wrong).sort());
  for (const text of differences) expect(text).toMatch(/only arc-gam has .*only reference has /);
});
