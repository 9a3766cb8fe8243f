import { withFigures } from '../citus/quiet.js';
import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import type { Session } from '../db/transaction.js';
import { usageFailure, workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import type { Day } from '../pipeline/plan.js';
import { type Check, loadChecks, type Weight } from './check.js';
import { findingsOf } from './comparison.js';
import { type Coverage, inParts, openScope, type Preparation, type VerifyScope } from './scope.js';

/** What is wrong with one stored value. */
export interface Finding {
  readonly check: string;
  readonly table: string;
  readonly key: string;
  readonly column: string;
  readonly stored: string | null;
  readonly expected: string | null;
  readonly user: string | null;
  readonly other: string | null;
  readonly day: string | null;
}

/** The result of a check. */
export interface CheckResult {
  readonly check: string;
  readonly table: string;
  readonly says: string;
  readonly state: 'ok' | 'skipped' | Weight;
  readonly count: number;
  readonly durationMs: number;
  /** The first of its findings. */
  readonly findings: readonly Finding[];
}

/** A day or user that a repair has to derive again. */
export interface Mark {
  readonly kind: 'day' | 'user';
  readonly key: string;
  readonly reason: string;
}

export interface Verification {
  readonly asOfDay: string;
  readonly zone: string;
  readonly coverage: Coverage;
  readonly results: readonly CheckResult[];
  readonly marks: readonly Mark[];
  /** Milliseconds from the first statement to the last, including the recomputation. */
  readonly durationMs: number;
}

export interface VerifyOptions {
  readonly scope: VerifyScope;
  /** Only checks of these tables; none: all. */
  readonly tables: readonly string[];
  /** How many findings of a check to return; all are counted. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
  readonly onWork: (what: string) => void;
  /** Called once, before the first check. */
  readonly onPrepared: (preparations: readonly Preparation[]) => void;
  readonly onCheck: (result: CheckResult) => void;
}

/**
 * Compares what is stored with what follows from the source, in one snapshot that neither waits for a run nor blocks
 * one. Throws a failure if the comparison is not possible.
 */
export const verify = (
  database: Database,
  settings: Settings,
  options: VerifyOptions,
): Promise<Verification> =>
  withFigures(database, settings, (session) => verifyIn(session, options), { signal: options.signal });

/** As verify, within the caller's transaction, which is read only from then on. */
export const verifyIn = async (session: Session, options: VerifyOptions): Promise<Verification> => {
  const started = performance.now();
  const [spread] = await session.query(
    "select 1 from pg_class where oid = to_regclass('pg_temp.misplaced_row')",
  );
  const checks = chooseChecks(loadChecks(), options.tables).filter(
    ({ needs }) => spread !== undefined || !needs.includes('misplaced_row'),
  );
  const zone = await readZone(session);
  const { date } = options.scope;
  if (date !== null) await requireProcessed(session, date, 'day');
  const { user } = options.scope;
  if (
    user !== null &&
    (await session.query(readPackageFile('sql/verify/known_user.sql'), [user])).length === 0
  ) {
    throw usageFailure(
      `--user ${user}: there is no such user in the application's users, and no table has a row of theirs.`,
    );
  }
  const { clock, coverage, preparations } = await openScope(session, options.scope, zone, options.onWork);
  options.onPrepared(preparations);
  const results: CheckResult[] = [];
  for (const check of checks) {
    options.onWork(`Checking ${check.table}: ${check.says}`);
    const result = await runCheck(session, check, options);
    options.onCheck(result);
    results.push(result);
  }
  return {
    asOfDay: clock.asOfDay,
    zone,
    coverage,
    results,
    marks: await session.query<Mark & Record<string, unknown>>(readPackageFile('sql/verify/mark.sql')),
    durationMs: performance.now() - started,
  };
};

/** Of what is not processed nothing is known, and that is no 0. Throws a usage failure for such a day or week. */
export const requireProcessed = async (session: Session, date: Day, span: 'day' | 'week'): Promise<void> => {
  const [processed] = await session.query(
    'select 1 from processed_day where date_trunc($2::text, day) = date_trunc($2::text, $1::date) limit 1',
    [date, span],
  );
  if (processed === undefined)
    throw usageFailure(
      `--date ${date}: ${span === 'day' ? 'that day is not' : 'no day of that week is'} processed, so nothing of it is stored.`,
    );
};

/** The zone that the stored days were cut in. Throws if nothing has been stored yet. */
export const readZone = async (session: Session): Promise<string> => {
  const [zone] = await session.query<{ zone: string }>(
    "select setting.value as zone from setting where setting.key = 'zone' and exists (select 1 from processed_day)",
  );
  if (zone === undefined)
    throw workFailure('No day has been processed yet, so nothing is stored. Run: arc-gam backfill');
  return zone.zone;
};

const chooseChecks = (checks: readonly Check[], tables: readonly string[]): Check[] =>
  checks.filter(({ table, weight }) =>
    tables.length === 0 ? true : tables.includes(table) || weight === 'stale',
  );

const runCheck = async (
  session: Session,
  check: Check,
  { scope, limit }: VerifyOptions,
): Promise<CheckResult> => {
  const started = performance.now();
  const { name, table, says } = check;
  const done = (state: CheckResult['state'], count: number, findings: readonly Finding[]): CheckResult => ({
    check: name,
    table,
    says,
    state,
    count,
    durationMs: performance.now() - started,
    findings,
  });
  const [missing] = await session.query(
    'select 1 from unnest(string_to_array($1::text, $2::text)) as wanted (name) where to_regclass(wanted.name) is null',
    [[table, ...check.needs].join(','), ','],
  );
  if (missing !== undefined) return done('skipped', 0, []);
  let count = 0;
  const find = async (): Promise<void> => {
    const [counted] = await session.query<{ count: number }>(findingsOf(check), [
      name,
      table,
      // Of one user too: whether their days are out of date, or sealed facts are not what they were.
      check.weight === 'stale' || table === 'frozen_day' ? null : scope.user,
      scope.date,
    ]);
    count += counted?.count ?? 0;
  };
  await (check.inParts ? inParts(session, scope, find) : find());
  if (count === 0) return done('ok', 0, []);
  const findings = await session.query<Finding & Record<string, unknown>>(
    readPackageFile('sql/verify/told_finding.sql'),
    [name, limit],
  );
  return done(check.weight, count, findings);
};
