import { timed } from './measure.js';
import type { World } from './world.js';

/** Milliseconds of the application's inserts with capture's triggers off and on, in turns. */
export interface InsertTimes {
  readonly off: number;
  readonly on: number;
}

/** Inserts taps of today's time in statements of `rows` each, `statements` of them, `turns` times each way. */
export const measureInserts = async (
  { client }: World,
  rows: number,
  statements: number,
  turns: number,
): Promise<InsertTimes> => {
  const totals = { off: 0, on: 0 };
  await client.query(
    'create table if not exists public.couple as select one.id as id1, other.id as id2 from (select id, row_number() over (order by id) as number from public.users) as one join (select id, row_number() over (order by id desc) as number from public.users) as other using (number) where one.id <> other.id limit 1000',
  );
  for (let turn = 0; turn < turns * 2; turn += 1) {
    const way = turn % 2 === 0 ? 'off' : 'on';
    await client.query(`alter table public.taps ${way === 'on' ? 'enable' : 'disable'} trigger user`);
    totals[way] += await timed(async () => {
      for (let statement = 0; statement < statements; statement += 1) {
        await client.query(
          'insert into public.taps (id1, id2, time, latitude, longitude) select id1, id2, now(), 40.7, -74.0 from public.couple limit $1',
          [rows],
        );
      }
    });
  }
  await client.query('alter table public.taps enable trigger user');
  return totals;
};
