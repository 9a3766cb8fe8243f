import { afterEach, expect, test } from 'vitest';
import { readPackageFile } from '../../src/files.js';
import { addDays } from '../../src/pipeline/plan.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';
import { differencesOf } from './figures.js';

// Where a clock was set over midnight, a date comes twice, is torn in two or does not come at all.

let database: TestDatabase;
afterEach(() => database.drop());

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
  const to = addDays(moment.slice(0, 10), 5);
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
  for (let day = first?.day ?? to; day <= to; day = addDays(day, 1))
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

test('a first or latest tap whose date is not the least or greatest of its days counts on its own date', async () => {
  database = await createDatabase({ twin: true });
  // The clock went from 00:01 on the 7th, 02:31 UTC, back to 23:01 on the 6th: 02:30:30 is of the 7th, 02:40 of the
  // 6th.
  const zone = 'America/St_Johns';
  const environment = { ARC_GAM_TZ: zone };
  const early = '2010-11-07T02:30:30Z';
  const late = '2010-11-07T02:40:00Z';
  await addUsers(database, 1, 2, 3, 4, 5, 6, 7, 8);
  const tap = (user: number, partner: number, time: string) =>
    database.client.query(
      `insert into public.taps (id1, id2, time, latitude, longitude)
       values (('00000000-0000-4000-8000-00000000000' || $1)::uuid, ('00000000-0000-4000-8000-00000000000' || $2)::uuid, $3, 47.5, -52.7)`,
      [user, partner, time],
    );
  await tap(1, 2, '2010-11-01T12:00Z');
  await tap(2, 1, early);
  await tap(1, 2, late);
  await tap(3, 4, late);
  await tap(4, 3, early);
  await tap(5, 6, late);
  await tap(5, 7, early);
  await tap(8, 7, '2010-11-06T12:00Z');
  // Each date and time that follows from a first or latest tap, from the taps themselves.
  const given = `select least(id1, id2) as u1, greatest(id1, id2) as u2, time from public.taps
    where (time at time zone '${zone}')::date <= '2010-11-07'`;
  const facts = `
    select 'pair' as of, u1 || ' ' || u2 as whose, min(time) as first_at, (min(time) at time zone '${zone}')::date as first_day,
      max(time) as last_at, (max(time) at time zone '${zone}')::date as last_day
    from (${given}) as tap group by 1, 2
    union all
    select 'tie', u1 || ' ' || u2, null, null, max(time), (max(time) at time zone '${zone}')::date
    from (${given}) as tap group by 1, 2
    union all
    select 'user', tapper::text, null, null, max(time), null from (${given}) as tap, unnest(array[u1, u2]) as tapper group by 1, 2
    union all
    select 'new', tapper || ' ' || first_day, null, null, null, null
    from (
      select unnest(array[u1, u2]) as tapper, (min(time) at time zone '${zone}')::date as first_day
      from (${given}) as tap group by u1, u2
    ) as met`;
  const stored = `
    select 'pair' as of, u1 || ' ' || u2 as whose, first_tap_at as first_at, first_day, last_tap_at as last_at, last_day from connection
    union all
    select 'tie', u1 || ' ' || u2, null, null, last_tap_at,
      date '2010-11-07' - round(-21 * ln((strength_f32 - 0.6 * ln(1 + taps_90d)) / 0.4))::int
    from edge_strength
    union all
    select 'user', user_id::text, null, null, last_tap_at, null from user_streaks
    union all
    select 'new', user_id || ' ' || day, null, null, null, null from user_day_activity, generate_series(1, first_degree_new_count)`;
  const ordered = (query: string) => database.rows(`select * from (${query}) as line order by 1, 2`);
  await database.ok(['backfill', '--to', '2010-11-07'], environment);
  const expected = await ordered(facts);
  expect(await ordered(stored)).toEqual(expected);
  expect((await database.cli(['verify', '--full'], environment)).stdout).toContain('All equal');
  // Night after night, of which the second takes the first one's new people back; and when a few are counted again.
  for (const day of ['2010-11-06', '2010-11-07'])
    await database.ok(['etl', '--schema', 'twin', '--date', day], environment);
  expect(await differencesOf(database.client, 'twin', 'gamification')).toEqual([]);
  for (const time of ['2010-11-06T18:00Z', '2010-11-07T02:50:00Z', '2010-11-07T02:30:10Z']) {
    await tap(4, 3, time);
    await tap(1, 2, time);
    await tap(5, 7, time);
    await database.ok(['etl', '--date', '2010-11-07'], environment);
    expect(await ordered(stored)).toEqual(await ordered(facts));
    await database.ok(['backfill', '--rebuild', '--schema', 'twin', '--to', '2010-11-07'], environment);
    expect(await differencesOf(database.client, 'twin', 'gamification')).toEqual([]);
  }
});

test('a streak is complete with the tap with which all of its dates have one, also where the earlier date comes last', async () => {
  database = await createDatabase({ twin: true });
  // The clock went from 00:01 on the 29th, a Sunday, back to 23:01 on the 28th: 02:30:30 UTC is of the 29th, 03:00 of
  // the 28th.
  const environment = { ARC_GAM_TZ: 'America/St_Johns' };
  await addUsers(database, 1, 2, 3, 4);
  for (const [one, other, time] of [
    [1, 2, '2006-10-27T15:00:00Z'],
    [1, 2, '2006-10-29T02:30:30Z'],
    [1, 2, '2006-10-29T03:00:00Z'],
    [3, 4, '2006-10-29T02:30:40Z'],
    [3, 4, '2006-10-29T03:10:00Z'],
  ] as const)
    await addTap(database, one, other, time);
  await database.client.query(
    `insert into quest_definitions (slug, title, quest_type, requirements)
     select format('streak-%s-%s', target, span), 'Streak', 'community',
       jsonb_build_object('metric', 'streak_days', 'target', target, 'window', span)
     from generate_series(1, 3) as target, unnest(array['week', 'weekend', 'day']) as span;
     insert into twin.quest_definitions select * from gamification.quest_definitions where slug like 'streak-%'`,
  );
  await database.ok(['backfill', '--to', '2006-10-31'], environment);
  const completed = async (user: number) =>
    Object.fromEntries(
      (
        await database.rows<{ slug: string; at: string }>(
          `select slug, to_char(completed_at at time zone 'UTC', 'HH24:MI:SS') as at
           from user_quest_progress join quest_definitions using (quest_id)
           where slug like 'streak-%' and user_id = $1 and completed_at is not null`,
          [userId(user)],
        )
      ).map(({ slug, at }) => [slug.replace('streak-', ''), at]),
    );
  const spans = (target: number, at: string) =>
    Object.fromEntries(['week', 'weekend', 'day'].map((span) => [`${target}-${span}`, at]));
  expect(await completed(1)).toEqual({
    '1-week': '15:00:00',
    '1-weekend': '02:30:30',
    '1-day': '15:00:00',
    ...spans(2, '03:00:00'),
    ...spans(3, '03:00:00'),
  });
  expect(await completed(3)).toEqual({ ...spans(1, '02:30:40'), ...spans(2, '03:10:00') });
  const verified = await database.cli(['verify', '--full'], environment);
  expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('All equal')]);
  for (const day of ['2006-10-28', '2006-10-29', '2006-10-30', '2006-10-31'])
    await database.ok(['etl', '--schema', 'twin', '--date', day], environment);
  expect(await differencesOf(database.client, 'twin', 'gamification')).toEqual([]);
});

test.each([
  // The day of the 24th is over at the first of two midnights.
  ['Atlantic/Azores', '2026-10-25', '2026-10-24T23:59Z', '2026-10-25T00:00Z'],
  ['America/Havana', '2026-11-01', '2026-11-01T03:59Z', '2026-11-01T04:00Z'],
  // From 00:01 the clock goes back to 23:01 of the day that seemed to be over.
  ['America/St_Johns', '2010-11-07', '2010-11-07T03:29Z', '2010-11-07T03:30Z'],
  ['Europe/Berlin', '2026-10-25', '2026-10-24T21:59Z', '2026-10-24T22:00Z'],
])('%s: the day before %s is over once its date does not come back', async (zone, day, lasts, isOver) => {
  database = await createDatabase();
  const before = addDays(day, -1);
  await database.ok(['etl', '--date', before], { ARC_GAM_TZ: zone });
  // With the moment instead of the clock.
  const alive = async (file: string, moment: string, values: unknown[]) => {
    const text = readPackageFile(file).replaceAll('now()', `timestamptz '${moment}'`);
    const { rows } = await database.client.query<{ alive_from_day: string }>(text, values);
    return rows[0]?.alive_from_day;
  };
  await database.client.query(`begin; ${readPackageFile('sql/verify/open.sql')}`);
  for (const [moment, expected] of [
    [lasts, addDays(before, -1)],
    [isOver, before],
  ] as const) {
    expect(await alive('sql/batch/as_of.sql', moment, [zone, null, null])).toBe(expected);
    expect(await alive('sql/verify/clock.sql', moment, [zone, false])).toBe(expected);
    await database.client.query('truncate verify_clock');
  }
  await database.client.query('rollback');
});

test('where midnight comes twice, the radar reads the running day from the first one on, and each tap once', async () => {
  database = await createDatabase();
  const zone = 'Atlantic/Azores';
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, '2026-10-24T12:00Z');
  await database.ok(['etl', '--date', '2026-10-24'], { ARC_GAM_TZ: zone });
  for (const time of ['2026-10-24T23:30Z', '2026-10-25T00:30Z', '2026-10-25T01:30Z'])
    await addTap(database, 1, 2, time);
  const { rows } = await database.client.query<{ tapped_at: string }>(
    readPackageFile('sql/api/live_tap.sql'),
    [zone, '2026-10-25T02:00Z', 100, '2026-10-25'],
  );
  expect(rows.map(({ tapped_at }) => tapped_at.slice(0, 16)).sort()).toEqual([
    '2026-10-25T00:30',
    '2026-10-25T01:30',
  ]);
});
