import { PassThrough } from 'node:stream';
import { expect } from 'vitest';
import { readSettings, type Settings } from '../../src/config.js';
import { type Database, withDatabase } from '../../src/db/database.js';
import { type Session, withTransaction } from '../../src/db/transaction.js';
import { jsonReporter } from '../../src/report/json.js';
import { repair } from '../../src/verify/repair.js';
import { type Verification, verify, verifyIn } from '../../src/verify/verify.js';
import type { TestDatabase } from '../server/database.js';

/** A statement that spoils one row, the table that must be accused, and the column if one is. */
export type Corruption = [name: string, sql: string, table: string, column: string];

export const everything = {
  scope: { full: true, sample: 1, seed: '', date: null, user: null, usersAtOnce: 7 },
  tables: [],
  limit: 1000,
  onWork: () => undefined,
  onPrepared: () => undefined,
  onCheck: () => undefined,
};

/** Runs a full verification in this process, which is several times as fast as a command. */
const withVerification = <Result>(
  target: TestDatabase,
  use: (database: Database, settings: Settings, look: () => Promise<Verification>) => Promise<Result>,
): Promise<Result> => {
  const settings = readSettings({ databaseUrl: target.url }, {});
  return withDatabase(settings, 'verify', undefined, (opened) =>
    use(opened, settings, () => verify(opened, settings, everything)),
  );
};

export const accused = ({ results }: Verification): string[] =>
  results.flatMap(({ findings }) => findings.map(({ table, column }) => `${table}.${column}`));

/** The table that a corruption spoils, and the one that is accused. */
const tablesOf = ([, sql, accusedTable]: Corruption): string[] => [
  /^(?:update|delete from|insert into) (\w+)/.exec(sql)?.[1] ?? sql,
  accusedTable,
];

/**
 * One corruption of each table at a time, so that a few verifications are enough: what a full one expects is from the
 * source, whatever the other tables hold. Private keys stand in many tables: theirs are alone.
 */
export const roundsOf = (corruptions: readonly Corruption[]): Corruption[][] => {
  const rounds: Corruption[][] = [];
  for (const corruption of corruptions) {
    const tables = tablesOf(corruption);
    const isAlone = tables.includes('user_key');
    const free = rounds.find((round) => {
      const taken = round.flatMap(tablesOf);
      return !isAlone && !taken.includes('user_key') && !taken.some((table) => tables.includes(table));
    });
    if (free === undefined) rounds.push([corruption]);
    else free.push(corruption);
  }
  return rounds;
};

/** Fails unless a full verification finds each of the corruptions, and finds nothing without them. */
export const expectFound = async (
  target: TestDatabase,
  corruptions: readonly Corruption[],
): Promise<void> => {
  const settings = readSettings({ databaseUrl: target.url }, {});
  const look = async (session: Session, statements: readonly string[]): Promise<string[]> => {
    await session.script('savepoint correct');
    for (const statement of statements) {
      const changed = await session.query(`${statement} returning 1`);
      expect(changed.length, statement).toBe(1);
    }
    const found = accused(await verifyIn(session, everything));
    await session.script('rollback to savepoint correct');
    return found;
  };
  await withDatabase(settings, 'verify', undefined, (opened) =>
    withTransaction(opened, settings, async (session) => {
      expect(await look(session, [])).toEqual([]);
      for (const round of roundsOf(corruptions)) {
        const found = await look(
          session,
          round.map(([, sql]) => sql),
        );
        for (const [name, , table, column] of round) expect(found, name).toContain(`${table}.${column}`);
      }
      expect(await look(session, [])).toEqual([]);
    }),
  );
};

/**
 * Fails unless one repair after each round of corruptions leaves nothing to find; then calls `check` with their names.
 */
export const expectRepaired = (
  target: TestDatabase,
  corruptions: readonly Corruption[],
  check: (name: string) => Promise<void>,
): Promise<void> =>
  withVerification(target, async (opened, settings, look) => {
    for (const round of roundsOf(corruptions)) {
      const name = round.map(([each]) => each).join(' and ');
      for (const [each, sql] of round) expect((await target.client.query(sql)).rowCount, each).toBe(1);
      const found = await look();
      expect(accused(found).length, name).toBeGreaterThan(0);
      await repair(
        opened,
        settings,
        found,
        { command: 'verify --repair', waitSeconds: 0 },
        jsonReporter(new PassThrough().resume()),
      );
      expect(accused(await look()), name).toEqual([]);
      await check(name);
      expect(await target.rows('select * from stale_mark'), name).toEqual([]);
    }
  });
