import type { Session } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import { plural } from '../report/format.js';
import { closureOf, factsDigest, keepingSteps, meaningOf, readsTaps } from './meaning.js';
import type { Step } from './step.js';

/** A step whose SQL is not the one that its table was derived with. */
export interface OutdatedStep {
  readonly step: Step;
  /** Of today's SQL. */
  readonly digest: string;
  /**
   * It reads the application's taps: its days are derived again. Any other derives its whole table again, by itself.
   */
  readonly isFact: boolean;
}

/**
 * The steps whose SQL changed since their tables were derived, in their order; all of them while nothing is derived.
 */
export const outdatedSteps = async (session: Session, steps: readonly Step[]): Promise<OutdatedStep[]> => {
  const rows = await session.query<{ step: string; digest: string }>('select step, digest from derived_step');
  const digests = new Map(rows.map(({ step, digest }) => [step, digest]));
  return keepingSteps(steps).flatMap((step) => {
    const digest = meaningOf(step, steps);
    return digests.get(step.name) === digest ? [] : [{ step, digest, isFact: readsTaps(step, steps) }];
  });
};

/** What the next run derives again because SQL changed: for `etl --explain` and `migrate status`. */
export interface Renewal extends Record<string, unknown> {
  readonly step: string;
  readonly table: string;
  /** Days that are read from the source again; null: the whole table, from what is stored. */
  readonly days: number | null;
  /** Milliseconds that it and the steps that prepare it took at most in one run so far; null: never run. */
  readonly ms: number | null;
}

/** The tables that the next run derives again, and roughly how long that takes. Nothing while nothing is derived. */
export const renewals = async (session: Session, steps: readonly Step[]): Promise<Renewal[]> => {
  const [ledger] = await session.query<{ days: number; outdated: number }>(
    readPackageFile('sql/plan/outdated.sql'),
    [factsDigest(steps)],
  );
  if (ledger === undefined || ledger.days === 0) return [];
  const times = new Map(
    (
      await session.query<{ step: string; ms: number }>(
        'select step, max(duration_ms)::float8 as ms from run_step group by step',
      )
    ).map(({ step, ms }) => [step, ms]),
  );
  return (await outdatedSteps(session, steps)).map(({ step, isFact }) => ({
    step: step.name,
    table: step.table,
    days: isFact ? ledger.outdated : null,
    ms: times.has(step.name)
      ? closureOf(step, steps).reduce((sum, one) => sum + (times.get(one.name) ?? 0), 0)
      : null,
  }));
};

/** What a person has to know of frozen days whose SQL changed: they can't be read again. Null: there are none. */
export const frozenRenewal = async (session: Session, steps: readonly Step[]): Promise<string | null> => {
  const [frozen] = await session.query<{ days: number }>(readPackageFile('sql/plan/outdated_frozen.sql'), [
    factsDigest(steps),
  ]);
  if (frozen === undefined || frozen.days === 0) return null;
  return `${plural(frozen.days, 'frozen day keeps', 'frozen days keep')} what another version of the SQL counted: without their taps they are not derived again (arc-gam thaw, once the taps are back).`;
};
