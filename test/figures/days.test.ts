import { describe, expect, test } from 'vitest';
import { addDays } from '../../src/pipeline/plan.js';
import { jsonLines } from '../command/cli.js';
import { addTap, addUsers, withDatabase } from '../server/database.js';
import { onOneDay } from '../server/day.js';

const ended = (stdout: string) => jsonLines(stdout).find(({ event }) => event === 'ended');
describe('which days are processed', () => {
  test(
    'a gap is filled by the next etl, an earlier date moves nothing back, a day after today is refused',
    withDatabase(async (database) => {
      await addUsers(database, 1, 2);
      for (const day of ['01', '02', '03', '04', '05']) await addTap(database, 1, 2, `2026-01-${day}T10:00Z`);
      await database.ok(['backfill', '--from', '2026-01-02', '--to', '2026-01-02']);
      await database.ok(['backfill', '--from', '2026-01-04', '--to', '2026-01-04']);
      const days = async () =>
        (await database.rows<{ day: string }>('select day from processed_day order by 1')).map(({ day }) =>
          day.slice(8),
        );
      expect(await days()).toEqual(['02', '04']);
      // Taps of days outside of P are in no figure.
      expect(await database.rows('select tap_count, first_day, last_day from connection')).toEqual([
        { tap_count: '2', first_day: '2026-01-02', last_day: '2026-01-04' },
      ]);
      await database.ok(['etl', '--date', '2026-01-03']);
      expect(await days()).toEqual(['01', '02', '03', '04']);
      const before = await database.rows('select * from user_streaks order by 1');
      const again = await database.ok(['etl', '--date', '2026-01-02', '--json']);
      expect(ended(again.stdout)).toMatchObject({ runId: null, dayCount: 0, asOfDay: '2026-01-04' });
      expect(await database.rows('select * from user_streaks order by 1')).toEqual(before);
      expect(before[0]).toMatchObject({ last_active_day: '2026-01-04', longest_streak_days: '4' });
      for (const args of [
        ['etl', '--date', '2999-01-01'],
        ['backfill', '--to', '2999-01-01'],
      ]) {
        const refused = await database.cli(args);
        expect(refused.code).toBe(2);
        expect(refused.stderr).toMatch(/2999-01-01 is after today \(\d{4}-\d\d-\d\d in UTC\)/);
      }
      expect(await days()).toEqual(['01', '02', '03', '04']);
    }),
  );

  test(
    'a streak is alive while the day lasts and broken once it is over',
    onOneDay(async (database, today) => {
      await addUsers(database, 1, 2, 3);
      const since = (back: number) => addDays(today, -back);
      for (const back of [1, 2, 3]) await addTap(database, 1, 2, `${since(back)}T12:00Z`);
      await addTap(database, 1, 3, `${since(2)}T12:00Z`);
      const streaks = () =>
        database.rows(
          'select right(user_id::text, 1) as id, current_streak_days as now, longest_streak_days as longest, streak_started_on as since from user_streaks order by 1',
        );
      const [three, two] = [since(3), since(2)];
      await database.ok(['etl', '--date', since(2)]);
      expect(await streaks()).toEqual([
        { id: '1', now: '2', longest: '2', since: three },
        { id: '2', now: '2', longest: '2', since: three },
        { id: '3', now: '1', longest: '1', since: two },
      ]);
      await database.ok(['etl', '--date', since(1)]);
      expect(await streaks()).toEqual([
        { id: '1', now: '3', longest: '3', since: three },
        { id: '2', now: '3', longest: '3', since: three },
        { id: '3', now: '0', longest: '1', since: two },
      ]);
      // Today has no tap, and still lasts.
      await database.ok(['etl', '--date', since(0)]);
      expect(await streaks()).toEqual([
        { id: '1', now: '3', longest: '3', since: three },
        { id: '2', now: '3', longest: '3', since: three },
        { id: '3', now: '0', longest: '1', since: two },
      ]);
    }),
  );

  test(
    'a second run over unchanged source writes no row',
    withDatabase(async (database) => {
      await addUsers(database, 1, 2, 3);
      await addTap(database, 1, 2, '2026-01-05T10:00Z');
      await addTap(database, 2, 3, '2026-01-06T10:00Z');
      await database.ok(['backfill', '--to', '2026-01-08']);
      const written = async () => {
        const tables = await database.rows<{ name: string }>(
          "select relname as name from pg_class where relnamespace = 'gamification'::regnamespace and relkind = 'r' order by 1",
        );
        const parts = tables.map(
          ({ name }) => `select '${name}' as name, xmin::text, ctid::text from ${name}`,
        );
        return database.rows(`${parts.join(' union all ')} order by 1, 3`);
      };
      const before = await written();
      expect(before.length).toBeGreaterThan(20);
      await database.ok(['backfill', '--to', '2026-01-08']);
      await database.ok(['etl', '--date', '2026-01-08']);
      expect(await written()).toEqual(before);
    }),
  );
});
