import { describe, expect, test } from 'vitest';
import { runProcess } from '../command/cli.js';
import { addTap, addUsers, type TestDatabase, userId, withDatabase } from '../server/database.js';

const tapsOfDays = (database: TestDatabase) =>
  database.rows('select day, tap_count as taps from user_day_activity where user_id = $1 order by 1', [
    userId(1),
  ]);

/** Two users and a tap of theirs at each of the times. */
const tapsAt = async (database: TestDatabase, ...times: string[]) => {
  await addUsers(database, 1, 2);
  for (const time of times) await addTap(database, 1, 2, time);
};

describe('local days', () => {
  test(
    'of 23 and of 25 hours',
    withDatabase(async (database) => {
      const environment = { ARC_GAM_TZ: 'America/New_York' };
      await tapsAt(
        database,
        // 2026-03-08 lasts from 05:00Z to 04:00Z, 2025-11-02 from 04:00Z to 05:00Z.
        '2025-11-02T03:59:59Z',
        '2025-11-02T04:00Z',
        '2025-11-03T04:59:59Z',
        '2025-11-03T05:00Z',
        '2026-03-08T04:59:59Z',
        '2026-03-08T05:00Z',
        '2026-03-09T03:59:59Z',
        '2026-03-09T04:00Z',
      );
      for (const [from, to] of [
        ['2025-11-01', '2025-11-03'],
        ['2026-03-07', '2026-03-09'],
      ] as const) {
        await database.ok(['backfill', '--from', from, '--to', to, '--batch-days', '2'], environment);
      }
      expect(await tapsOfDays(database)).toEqual([
        { day: '2025-11-01', taps: '1' },
        { day: '2025-11-02', taps: '2' },
        { day: '2025-11-03', taps: '1' },
        { day: '2026-03-07', taps: '1' },
        { day: '2026-03-08', taps: '2' },
        { day: '2026-03-09', taps: '1' },
      ]);
      const other = await database.cli(['etl', '--date', '2026-03-09'], { ARC_GAM_TZ: 'Europe/Berlin' });
      expect(other.code).toBe(2);
      expect(other.stderr).toContain(
        "ARC_GAM_TZ is 'Europe/Berlin', but the stored figures were computed in 'America/New_York'",
      );
      // Unset, the recorded zone holds.
      const unset = await database.ok(['backfill', '--from', '2026-03-09', '--to', '2026-03-09', '--json']);
      expect(unset.stdout).toContain('"zone":"America/New_York"');
    }),
  );

  test(
    'that are cut in two by a clock that goes back over midnight',
    withDatabase(async (database) => {
      // St. John's, 2006-10-29 00:01 -> 2006-10-28 23:01: 02:30Z is the 29th, 02:31Z to 03:30Z the 28th again.
      await tapsAt(
        database,
        '2006-10-29T02:29:59Z',
        '2006-10-29T02:30Z',
        '2006-10-29T02:30:59Z',
        '2006-10-29T02:31Z',
        '2006-10-29T03:29:59Z',
        '2006-10-29T03:30Z',
      );
      const environment = { ARC_GAM_TZ: 'America/St_Johns' };
      await database.ok(['backfill', '--to', '2006-10-30', '--batch-days', '1'], environment);
      const expected = [
        { day: '2006-10-28', taps: '3' },
        { day: '2006-10-29', taps: '3' },
      ];
      expect(await tapsOfDays(database)).toEqual(expected);
      // Nothing is stale after it: what the plan counts for a day is what the batch read for it.
      const again = await database.ok(
        ['etl', '--date', '2006-10-29', '--json', '--lookback', '2'],
        environment,
      );
      expect(again.stdout).toContain('"dayCount":0');
      expect(await tapsOfDays(database)).toEqual(expected);
    }),
  );

  test(
    'do not depend on the time zone of session, role or database',
    withDatabase(
      async (database) => {
        const [{ name } = { name: '' }] = await database.rows<{ name: string }>(
          'select current_database() as name',
        );
        await database.client.query(`alter database ${name} set timezone = 'Pacific/Auckland'`);
        await database.client.query(`alter database ${name} set datestyle = 'SQL, DMY'`);
        await database.client.query(`alter database ${name} set intervalstyle = 'iso_8601'`);
        await database.client.query(
          'create table public.users (id uuid, name text); create table public.taps (id int, id1 uuid, id2 uuid, time timestamp)',
        );
        await database.client.query('insert into public.users (id) values ($1), ($2)', [
          userId(1),
          userId(2),
        ]);
        for (const time of ['2026-01-05 00:00', '2026-01-05 23:59:59', '2026-01-06 00:00'])
          await database.client.query(`insert into public.taps (id1, id2, time) values ($1, $2, '${time}')`, [
            userId(1),
            userId(2),
          ]);
        // The process has a zone of its own, too.
        const environment = {
          DATABASE_URL: database.url,
          PGTZ: 'Pacific/Auckland',
          TZ: 'Pacific/Auckland',
        };
        expect(await runProcess(['migrate'], environment)).toMatchObject({ code: 0 });
        const backfill = ['backfill', '--to', '2026-01-07', '--batch-days', '1'];
        expect(await runProcess(backfill, environment)).toMatchObject({ code: 0 });
        expect(await tapsOfDays(database)).toEqual([
          { day: '2026-01-05', taps: '2' },
          { day: '2026-01-06', taps: '1' },
        ]);
        expect(await database.rows('select last_tap_at from user_streaks')).toEqual([
          { last_tap_at: '2026-01-06 00:00:00+00' },
          { last_tap_at: '2026-01-06 00:00:00+00' },
        ]);
        expect(await database.rows('select taps_90d, last_tap_at from edge_strength')).toEqual([
          { taps_90d: '3', last_tap_at: '2026-01-06 00:00:00+00' },
        ]);
      },
      { empty: true },
    ),
  );

  test.each([
    'timestamptz',
    'timestamp',
  ])('of a %s column, in a zone, with the bounds of the zone', async (type) => {
    await withDatabase(
      async (database) => {
        await database.client.query(
          `create table public.users (id uuid primary key, name text);
             create table public.taps (id bigint primary key generated always as identity, id1 uuid, id2 uuid, time ${type});`,
        );
        await database.client.query('insert into public.users (id) values ($1), ($2)', [
          userId(1),
          userId(2),
        ]);
        await database.client.query(
          `insert into public.taps (id1, id2, time)
             select $1, $2, time::${type} from unnest(array['2026-07-01 03:59:59', '2026-07-01 04:00:00', '2026-07-02 03:59:59', 'infinity', null]) as given (time)`,
          [userId(1), userId(2)],
        );
        await database.ok(['migrate']);
        const { stdout } = await database.ok(['backfill', '--to', '2026-07-02', '--json'], {
          ARC_GAM_TZ: 'America/New_York',
        });
        expect(await tapsOfDays(database)).toEqual([
          { day: '2026-06-30', taps: '1' },
          { day: '2026-07-01', taps: '2' },
        ]);
        expect(stdout).toContain('"null_time":2');
      },
      { empty: true },
    )();
  });

  test(
    'of the recorded zone are those of a rebuild that names none, also of one that was killed',
    withDatabase(async (database) => {
      const zone = (name: string) => ({ ARC_GAM_TZ: name });
      const rebuild = ['backfill', '--rebuild', '--to', '2026-01-03'];
      const etl = ['etl', '--date', '2026-01-03'];
      await tapsAt(database, '2026-01-02T02:00Z');
      await database.ok(etl, zone('America/New_York'));
      await database.ok(rebuild);
      expect(await tapsOfDays(database)).toEqual([{ day: '2026-01-01', taps: '1' }]);
      // Killed in its last batch: what it committed stays.
      const kill = async (environment = {}) => {
        await database.client.query(
          `create function gamification.stop() returns trigger language plpgsql as $$ begin raise 'stopped'; end $$;
           create trigger stop before insert on gamification.processed_day for each row when (new.day = '2026-01-03')
           execute function gamification.stop()`,
        );
        expect(await database.cli([...rebuild, '--batch-days', '1'], environment)).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('Go on without --rebuild'),
        });
        await database.client.query('drop function gamification.stop cascade');
        expect((await database.rows('select day from processed_day order by day')).at(-1)).toEqual({
          day: '2026-01-02',
        });
      };
      await kill();
      await database.ok(etl);
      expect(await tapsOfDays(database)).toEqual([{ day: '2026-01-01', taps: '1' }]);
      await kill(zone('Asia/Kolkata'));
      await database.ok(etl);
      expect(await tapsOfDays(database)).toEqual([{ day: '2026-01-02', taps: '1' }]);
      expect(await database.rows("select value from setting where key = 'zone'")).toEqual([
        { value: 'Asia/Kolkata' },
      ]);
      await database.ok(rebuild, zone('America/New_York'));
      expect(await tapsOfDays(database)).toEqual([{ day: '2026-01-01', taps: '1' }]);
    }),
  );

  test(
    'of a zone that does not exist are refused',
    withDatabase(async (database) => {
      // To Postgres CET and BST are abbreviations first: without a summer, and London's.
      for (const zone of ['Mars/Olympus', 'UTC+3', 'CET', 'bst']) {
        const refused = await database.cli(['etl'], { ARC_GAM_TZ: zone });
        expect(refused.code).toBe(2);
        expect(refused.stderr).toContain(`ARC_GAM_TZ is '${zone}', which is not an IANA time zone.`);
      }
    }),
  );
});
