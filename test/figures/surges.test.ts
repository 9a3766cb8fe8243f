import { afterEach, beforeEach, expect, test } from 'vitest';
import { addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
  await addUsers(database, ...Array.from({ length: 20 }, (_, index) => index + 1));
});
afterEach(() => database.drop());

// The middle of Manhattan and of the Atlantic.
const manhattan = [40.75, -73.99] as const;
const ocean = [30, -40] as const;

/** Adds taps on the minutes of an hour, each between two users by number. */
const addTaps = async (
  start: string,
  pairs: readonly (readonly [number, number])[],
  [latitude, longitude]: readonly [number, number],
): Promise<void> => {
  await database.client.query(
    `insert into taps (id1, id2, time, latitude, longitude)
     select one::uuid, other::uuid, $3::timestamptz + number * interval '1 minute', $4, $5
     from unnest($1::text[], $2::text[]) with ordinality as given (one, other, number)`,
    [pairs.map(([one]) => userId(one)), pairs.map(([, other]) => userId(other)), start, latitude, longitude],
  );
};

/** A tap an hour before, in each of the weeks before 2026-01-05. */
const addBaseline = async (place: readonly [number, number], weeks = 4): Promise<void> => {
  for (let week = 1; week <= weeks; week += 1) {
    const monday = new Date(Date.parse('2026-01-05T18:00Z') - week * 604_800_000).toISOString();
    await addTaps(monday, [[1, 2]], place);
  }
};

const crowd = (count: number, users: number): [number, number][] =>
  Array.from({ length: count }, (_, index) => [1 + (index % (users - 1)), 2 + (index % (users - 1))]);

const windows = () =>
  database.rows(
    `select window_id, area_name, geohash5, to_char(start_time, 'DD"T"HH24:MI') as starts,
       to_char(end_time, 'DD"T"HH24:MI') as ends, surge_multiplier, expected_taps, tap_count, unique_users
     from surge_windows order by start_time`,
  );
const etl = (environment = {}) => database.ok(['etl', '--date', '2026-01-11'], environment);

test('flagged hours an hour apart are one window, and the hour between counts nowhere; two hours apart are two', async () => {
  await addBaseline(manhattan);
  await addTaps('2026-01-05T18:00Z', crowd(10, 6), manhattan);
  await addTaps('2026-01-05T19:00Z', [[15, 16]], manhattan);
  await addTaps('2026-01-05T20:00Z', crowd(12, 5), manhattan);
  await addTaps('2026-01-05T23:00Z', crowd(9, 5), manhattan);
  await etl();
  const found = await windows();
  expect(found).toEqual([
    {
      window_id: 'dr5ru-20260105T1800Z',
      area_name: expect.stringMatching(/, NY$/),
      geohash5: 'dr5ru',
      starts: '05T18:00',
      ends: '05T21:00',
      surge_multiplier: expect.any(String),
      expected_taps: expect.any(String),
      tap_count: '22',
      unique_users: '6',
    },
    expect.objectContaining({ starts: '05T23:00', ends: '06T00:00', tap_count: '9', unique_users: '5' }),
  ]);
  const expected = Number(found[0]?.expected_taps);
  expect(expected).toBeGreaterThan(0.04);
  expect(expected).toBeLessThan(1);
  expect(Number(found[0]?.surge_multiplier)).toBeCloseTo(Math.min(10, 23 / (expected + 1)), 2);
  // Nothing changes: nothing is written.
  const versions = () => database.rows('select xmin::text, window_id from surge_windows order by 2');
  const before = await versions();
  await etl();
  expect(await versions()).toEqual(before);
});

test('the expected taps of an hour, worked out by hand', async () => {
  // Four weeks before with 2 taps on one hour, nothing else: by step 2 to 4 the slot's x are 2, 2, 2, 2.
  for (let week = 1; week <= 4; week += 1) {
    const monday = new Date(Date.parse('2026-01-05T18:00Z') - week * 604_800_000).toISOString();
    await addTaps(monday, crowd(2, 3), ocean);
  }
  await addTaps('2026-01-05T18:00Z', crowd(20, 10), ocean);
  await etl();
  const [window] = await windows();
  const mean = 0.8 * (8 / 20) + 0.2 * (8 / 672);
  const slot = (8 + 4 * mean) / 8;
  const other = Math.max(0.02, (4 * mean) / 8);
  const quiet = Math.max(0.02, (4 * 0.2 * (8 / 672)) / 8);
  const total = slot + 4 * other + 163 * quiet;
  const level = Math.min(2, Math.max(0.67, (4 + 20) / (2 * total + 20)));
  expect(Number(window?.expected_taps)).toBeCloseTo(level * slot, 3);
  expect(Number(window?.surge_multiplier)).toBeCloseTo(Math.min(10, 21 / (level * slot + 1)), 2);
  // Nothing is near the middle of the ocean to name it after.
  expect(window).toMatchObject({ area_name: window?.geohash5, tap_count: '20' });
});

test('four people are no crowd, three weeks are a baseline and two are not', async () => {
  await addBaseline(manhattan, 3);
  await addBaseline(ocean, 2);
  await addTaps('2026-01-05T18:00Z', crowd(30, 4), manhattan);
  await addTaps('2026-01-06T18:00Z', crowd(30, 9), ocean);
  await etl();
  expect(await windows()).toEqual([]);
  // A fifth person comes.
  await addTaps('2026-01-05T18:40Z', [[1, 5]], manhattan);
  await etl();
  expect(await windows()).toEqual([expect.objectContaining({ tap_count: '31', unique_users: '5' })]);
  // A third week of the ocean: its beginning moves, so weeks later than eight on may be judged as well.
  await addTaps('2025-12-15T18:00Z', [[1, 2]], ocean);
  await etl();
  expect((await windows()).map(({ starts }) => starts)).toEqual(['05T18:00', '06T18:00']);
  // One of the five is erased, and with them their taps.
  await database.client.query('delete from users where id = $1', [userId(5)]);
  await etl();
  expect((await windows()).map(({ starts }) => starts)).toEqual(['06T18:00']);
  await expect(database.client.query('update surge_windows set unique_users = 4')).rejects.toMatchObject({
    constraint: 'surge_has_five_users_or_more',
  });
});

test('a change of the baseline repairs the weeks that it was the baseline of; taps that move take the window along', async () => {
  await addBaseline(manhattan);
  await addTaps('2026-01-05T18:00Z', crowd(12, 6), manhattan);
  await etl();
  expect(await windows()).toHaveLength(1);
  for (let week = 1; week <= 4; week += 1) {
    const monday = new Date(Date.parse('2026-01-05T18:10Z') - week * 604_800_000).toISOString();
    await addTaps(monday, crowd(10, 6), manhattan);
  }
  await etl();
  expect(await windows()).toEqual([]);
  await database.client.query(
    "delete from taps where time < '2026-01-01' and extract(minute from time) > 10",
  );
  await etl();
  expect(await windows()).toHaveLength(1);
  await database.client.query("update taps set time = time + interval '5 hours' where time > '2026-01-05'");
  await etl();
  expect((await windows()).map(({ window_id }) => window_id)).toEqual(['dr5ru-20260105T2300Z']);
  await database.client.query("update taps set latitude = null where time > '2026-01-05'");
  await etl();
  expect(await windows()).toEqual([]);
  expect(await database.rows('select * from surge_hour union all select * from surge_hour')).toEqual([]);
});

test('the hour that a clock set back shows twice is two hours of the same slot', async () => {
  // 2025-11-02, 01:00 to 02:00 in New York is 05:00Z to 06:00Z and again 06:00Z to 07:00Z.
  for (const week of ['2025-10-26', '2025-10-19', '2025-10-12'])
    await addTaps(`${week}T12:00Z`, [[1, 2]], manhattan);
  await addTaps('2025-11-02T05:00Z', crowd(10, 6), manhattan);
  await addTaps('2025-11-02T06:00Z', crowd(11, 6), manhattan);
  await etl({ ARC_GAM_TZ: 'America/New_York' });
  expect(await windows()).toEqual([
    expect.objectContaining({ starts: '02T05:00', ends: '02T07:00', tap_count: '21' }),
  ]);
  expect(
    await database.rows("select slot from area_hour where starts_at > '2025-11-01' order by starts_at"),
  ).toEqual([{ slot: '145' }, { slot: '145' }]);
});
