import { type ExplainedNode, rowsMade, type StepWork } from '../src/pipeline/batch.js';

/** What a step did in a run: counts, which are the same on a busy machine. */
export interface Work {
  /** Rows that its plan nodes produced or threw away. */
  readonly work: number;
  /** Rows that it was given by the batch's own tables, and rows that it made. */
  readonly rows: number;
  /** Work per row. */
  readonly perRow: number;
}

const rowsThrough = (node: ExplainedNode): number =>
  node['Actual Loops'] *
    (node['Actual Rows'] +
      (node['Rows Removed by Filter'] ?? 0) +
      (node['Rows Removed by Join Filter'] ?? 0) +
      (node['Rows Removed by Index Recheck'] ?? 0)) +
  (node.Plans ?? []).reduce((sum, child) => sum + rowsThrough(child), 0);

/** Adds up what the statements of each step did. */
export const countWork = (statements: readonly StepWork[]): Map<string, Work> => {
  const works = new Map<string, { work: number; given: number; made: number }>();
  for (const { step, purpose, given, plan } of statements) {
    const known = works.get(step) ?? { work: 0, given: 0, made: 0 };
    const made = purpose === 'stage' || purpose === 'prepare' ? rowsMade(plan) : 0;
    works.set(step, {
      work: known.work + rowsThrough(plan),
      given: Math.max(known.given, given),
      made: known.made + made,
    });
  }
  return new Map(
    [...works].map(([step, { work, given, made }]) => [
      step,
      { work, rows: given + made, perRow: work / Math.max(1, given + made) },
    ]),
  );
};

/**
 * Where a step's work per row grows by more than this from one size to one four times as large, its plan does not
 * scale.
 */
export const allowedGrowth = 1.2;

/** Less work than this, in rows, says nothing: constants show. */
export const leastWork = 20_000;

export interface Growth {
  readonly run: string;
  readonly step: string;
  readonly growth: number;
  readonly before: Work;
  readonly after: Work;
}

/** What grows all the same, and why that is right. */
export const known: Readonly<Record<string, string>> = {
  'backfill: quest_common':
    'it makes fewer rows of as many friends of friends: the larger a community, the fewer of them are friends',
  'backfill: quest_walk':
    'PostgreSQL 18 sorts many rows before it gathers them: one row more through the plan for each, at any larger size',
  'backfill: user_streaks':
    'PostgreSQL 15: the last days of 500 users are those of so few that their own pairs are looked up (22 rows of work a row); those of 2,000 and 8,000 are read as a whole (46, 43)',
  'night: changed_home':
    'all homes are compared with those that were read: the source does not say which of them changed',
  'late tap: changed_home':
    'all homes are compared with those that were read: the source does not say which of them changed',
};

/** Steps whose work per row grew beyond what is allowed, worst first. */
export const tooMuchGrowth = (
  run: string,
  smaller: ReadonlyMap<string, Work>,
  larger: ReadonlyMap<string, Work>,
): Growth[] =>
  [...larger]
    .flatMap(([step, after]) => {
      const before = smaller.get(step);
      if (before === undefined || after.work < leastWork) return [];
      const growth = after.perRow / before.perRow;
      return growth > allowedGrowth && known[`${run}: ${step}`] === undefined
        ? [{ run, step, growth, before, after }]
        : [];
    })
    .sort((one, other) => other.growth - one.growth);
