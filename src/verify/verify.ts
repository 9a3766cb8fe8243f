import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { type Session, type Value, withTransaction } from '../db/transaction.js';
import { usageFailure, workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { type Check, type CheckParameter, loadChecks, type Weight } from './check.js';
import { type Coverage, openScope, type VerifyScope } from './scope.js';

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

/** What became of a check. */
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

/** Days and users that a repair has to derive again. */
export interface Marks {
  readonly days: readonly { readonly key: string; readonly reason: string }[];
  readonly users: readonly { readonly key: string; readonly reason: string }[];
}

export interface Verification {
  readonly asOfDay: string | null;
  readonly zone: string;
  readonly coverage: Coverage;
  readonly results: readonly CheckResult[];
  readonly marks: Marks;
  /** From the first statement to the last, the recomputing included. */
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
  readonly onCheck: (result: CheckResult) => void;
}

interface Moment {
  as_of_day: string | null;
  alive_from_day: string | null;
  alive_from_day_then: string | null;
}

/**
 * Holds what is stored against what follows from the source, in one snapshot that neither waits for a run nor blocks one.
 * Throws a failure if it can't be done.
 */
export const verify = (
  database: Database,
  settings: Settings,
  options: VerifyOptions,
): Promise<Verification> =>
  withTransaction(database, settings, (session) => verifyIn(session, options), { signal: options.signal });

/** As verify, within the caller's transaction, which is read only from then on. */
export const verifyIn = async (session: Session, options: VerifyOptions): Promise<Verification> => {
  const started = performance.now();
  const checks = chooseChecks(loadChecks(), options.tables);
  const zone = await readZone(session);
  const [moment] = await session.query<Moment & Record<string, unknown>>(
    readPackageFile('sql/verify/moment.sql'),
    [zone],
  );
  const { date } = options.scope;
  const known = await session.query('select from processed_day where day = $1::date', [date]);
  if (date !== null && known.length === 0) {
    throw usageFailure(`--date ${date}: that day is not processed, so nothing of it is stored.`);
  }
  const { user } = options.scope;
  if (
    user !== null &&
    (await session.query(readPackageFile('sql/verify/known_user.sql'), [user])).length === 0
  ) {
    throw usageFailure(
      `--user ${user}: there is no such user in the application's users, and no table has a row of theirs.`,
    );
  }
  const coverage = await openScope(session, options.scope, zone, options.onWork);
  const parameters: Record<CheckParameter, Value> = {
    zone,
    as_of_day: moment?.as_of_day ?? null,
    alive_from_day: moment?.alive_from_day ?? null,
    alive_from_day_then: moment?.alive_from_day_then ?? null,
  };
  const results: CheckResult[] = [];
  for (const check of checks) {
    options.onWork(`Checking ${check.table}: ${check.says}`);
    const result = await runCheck(session, check, parameters, options);
    options.onCheck(result);
    results.push(result);
  }
  return {
    asOfDay: moment?.as_of_day ?? null,
    zone,
    coverage,
    results,
    marks: { days: await readMarks(session, 'day'), users: await readMarks(session, 'user') },
    durationMs: performance.now() - started,
  };
};

/** The zone that the stored days were cut in. Throws if nothing has been stored yet. */
export const readZone = async (session: Session): Promise<string> => {
  const [zone] = await session.query<{ zone: string }>(
    "select setting.value as zone from setting where setting.key = 'zone' and exists (select from processed_day)",
  );
  if (zone === undefined)
    throw workFailure('No day has been processed yet, so nothing is stored. Run: arc-gam backfill');
  return zone.zone;
};

const chooseChecks = (checks: readonly Check[], tables: readonly string[]): Check[] => {
  const known = [...new Set(checks.map(({ table }) => table))].sort();
  const unknown = tables.find((table) => !known.includes(table));
  if (unknown !== undefined) {
    throw usageFailure(`--table ${unknown}: no check is about it. Expected one of ${known.join(', ')}.`);
  }
  return checks.filter(({ table, weight }) =>
    tables.length === 0 ? true : tables.includes(table) || weight === 'stale',
  );
};

const runCheck = async (
  session: Session,
  check: Check,
  parameters: Record<CheckParameter, Value>,
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
    'select from unnest(string_to_array($1::text, $2::text)) as wanted (name) where to_regclass(wanted.name) is null',
    [[table, ...check.needs].join(','), ','],
  );
  if (missing !== undefined) return done('skipped', 0, []);
  const next = check.params.length;
  const [counted] = await session.query<{ count: number }>(
    `with found as (${check.text}), kept as (
       insert into finding (
         check_name, table_name, key, user_id, other_id, day, column_name, stored, expected, mark_day, mark_user
       )
       select
         $${next + 1}::text, $${next + 2}::text, found.key, found.user_id, found.other_id, found.day,
         found.column_name, found.stored, found.expected, found.mark_day, found.mark_user
       from found
       where ($${next + 3}::uuid is null or $${next + 3}::uuid in (found.user_id, found.other_id))
         and (
           $${next + 4}::date is null
           or found.day is null
           or found.day in ($${next + 4}::date, date_trunc('week', $${next + 4}::timestamp)::date)
         )
       returning 1
     )
     select count(*)::float8 as count from kept`,
    [...check.params.map((parameter) => parameters[parameter]), name, table, scope.user, scope.date],
  );
  const count = counted?.count ?? 0;
  if (count === 0) return done('ok', 0, []);
  const findings = await session.query<Finding & Record<string, unknown>>(
    `select check_name as check, table_name as table, key, column_name as column, stored, expected,
       user_id as user, other_id as other, day
     from finding where check_name = $1::text order by key, column_name limit $2::integer`,
    [name, limit],
  );
  return done(check.weight, count, findings);
};

const readMarks = (session: Session, kind: 'day' | 'user'): Promise<{ key: string; reason: string }[]> =>
  session.query<{ key: string; reason: string }>(
    `select mark_${kind}::text as key,
       format('verify: %s of %s', string_agg(distinct column_name, ', '), string_agg(distinct table_name, ', ')) as reason
     from finding where mark_${kind} is not null group by mark_${kind} order by mark_${kind}`,
  );
