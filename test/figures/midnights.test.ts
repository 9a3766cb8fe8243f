import { afterEach, expect, test } from 'vitest';
import { addUsers, createDatabase, type TestDatabase } from '../server/database.js';
import { differencesOf } from './figures.js';

// Where a clock was set over midnight, a date comes twice, is torn in two or does not come at all.

let database: TestDatabase;
afterEach(() => database.drop());

const dayOf = (time: string, days: number): string =>
  new Date(Date.parse(time) + days * 86_400_000).toISOString().slice(0, 10);

test.each([
  ['America/St_Johns', '2010-11-07T02:31:00Z', 'back from 00:01 to 23:01'],
  ['America/St_Johns', '2010-03-14T03:31:00Z', 'on from 00:01 to 01:01'],
  ['Pacific/Kwajalein', '1993-08-21T12:00:00Z', 'a date that never came'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z', 'a date that never came'],
  ['Asia/Manila', '1844-12-31T15:56:08Z', 'a date that never came'],
  ['America/Juneau', '1867-10-19T00:31:13Z', 'a date that came twice'],
  ['Pacific/Kwajalein', '1969-10-01T12:00:00Z', 'a date that came twice'],
  ['Australia/Lord_Howe', '2024-04-06T15:00:00Z', 'half an hour back'],
  ['America/Santiago', '2023-04-02T03:00:00Z', 'back from midnight'],
  ['America/Santiago', '2022-09-11T04:00:00Z', 'on from midnight'],
  ['Asia/Gaza', '2010-03-26T22:01:00Z', 'on from 00:01'],
  ['Asia/Gaza', '2011-08-31T21:00:00Z', 'back from midnight'],
] as const)('%s, %s: %s', async (zone, moment, _what) => {
  database = await createDatabase({ twin: true });
  const environment = { ARC_GAM_TZ: zone };
  await addUsers(database, 1, 2, 3, 4, 5, 6);
  // A tap every 20 minutes for two days on either side, at one place.
  await database.client.query(
    `insert into public.taps (id1, id2, time, latitude, longitude)
     select ('00000000-0000-4000-8000-00000000000' || 1 + n % 6)::uuid,
       ('00000000-0000-4000-8000-00000000000' || 1 + (n + 1 + n % 2) % 6)::uuid,
       $1::timestamptz + (n - 144) * interval '20 minutes' + interval '30 seconds', 47.5, -52.7
     from generate_series(0, 288) as n`,
    [moment],
  );
  const to = dayOf(moment, 5);
  await database.ok(['backfill', '--to', to], environment);
  // Every tap is of the date and in the hour that a clock on the wall showed.
  const local = await database.rows(
    `select (time at time zone $1)::date as day, extract(hour from time at time zone $1)::int as hour, count(*) as taps
     from public.taps group by 1, 2 order by 1, 2`,
    [zone],
  );
  expect(
    await database.rows(
      'select day, slot % 24 as hour, sum(tap_count) as taps from area_hour group by 1, 2 order by 1, 2',
    ),
  ).toEqual(local);
  // Night after night it is the same.
  const [first] = await database.rows<{ day: string }>(
    'select min((time at time zone $1)::date)::text as day from public.taps',
    [zone],
  );
  for (let day = first?.day ?? to; day <= to; day = dayOf(day, 1))
    await database.ok(['etl', '--schema', 'twin', '--date', day], environment);
  expect(await differencesOf(database.client, 'twin', 'gamification')).toEqual([]);
  // Every other date changes, so that the spans that are read have one that is not between each two.
  for (const remainder of [0, 1]) {
    await database.client.query(
      `update public.taps set time = time + interval '1 second'
       where ((time at time zone $1)::date - date '0001-01-01') % 2 = $2`,
      [zone, remainder],
    );
    await database.ok(['etl', '--schema', 'twin', '--date', to], environment);
  }
  await database.ok(['backfill', '--rebuild', '--to', to], environment);
  expect(await differencesOf(database.client, 'twin', 'gamification')).toEqual([]);
  const verified = await database.cli(['verify', '--full'], environment);
  expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('All equal')]);
});
