import { avoiding, type Session } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import type { Day } from '../pipeline/plan.js';

/** What a verification is to look at. */
export interface VerifyScope {
  /** Every day and every user instead of a sample. */
  readonly full: boolean;
  /** Users, and at most as many days, of a sample. */
  readonly sample: number;
  readonly seed: string;
  /** Only this day, its week and the users who were active on it. */
  readonly date: Day | null;
  /** Only this user. */
  readonly user: string | null;
}

/** How much was looked at. */
export interface Coverage {
  readonly dayCount: number;
  readonly tapCount: number;
  readonly userCount: number;
  readonly weekCount: number;
  readonly staleDays: number;
}

const fill = (name: string): string => readPackageFile(`sql/verify/${name}.sql`);

/** Ways to join or scan that the planner may not choose for a statement, because it can't know how much there is. */
const avoided: Partial<Record<string, readonly string[]>> = {
  // Per user a few look-ups by index; left alone, the planner reads the whole graph for every user.
  second_degree_change: ['hashjoin', 'mergejoin', 'memoize', 'bitmapscan', 'seqscan'],
  // It expects few triangles, and looks each connection up that may close one.
  quest_deed: ['nestloop', 'mergejoin', 'memoize'],
  // It takes the hours of all areas for a handful and compares each with each.
  expected_surge_hour: ['nestloop'],
};

/**
 * Chooses the days and users, reads the source once, and recomputes into temporary tables what the checks compare with.
 * All of it in the caller's transaction, which is read only from here on: from the source where everything is looked at,
 * from the stored facts (which are themselves held against the source by day) for a sample of users.
 */
export const openScope = async (
  session: Session,
  scope: VerifyScope,
  zone: string,
  onWork: (what: string) => void,
): Promise<Coverage> => {
  await session.script(`${fill('open')}; set transaction read only;`);
  const choice = [scope.full, scope.sample, scope.seed, scope.date, scope.user];
  const ofSource = scope.full && scope.date === null;
  const origin = ofSource ? 'source' : 'sample';
  await session.query(fill('day_scope'), choice);
  await session.script('analyze verify_day');
  onWork('Reading the taps of the source');
  await session.query(fill('source_pair_day'), [zone]);
  await session.query(fill('source_cell'), [zone]);
  await session.script('analyze source_pair_day; analyze source_cell');
  await session.query(fill('stale_day'));
  await session.query(fill('user_scope'), choice);
  await session.query(fill('week_scope'), [scope.full && scope.date === null]);
  await session.script('analyze verify_day; analyze verify_user; analyze verify_week');
  for (const [step, table, what] of [
    [`fact_of_${origin}`, 'fact', 'Recomputing what pairs did'],
    ['expected_pair', 'expected_pair', 'Recomputing pairs'],
    [`person_of_${origin}`, 'person', 'Recomputing pairs'],
    [`tie_of_${origin}`, 'tie', 'Recomputing the graph'],
    ['tie_list', 'tie_list', 'Recomputing the graph'],
    ['active_day', 'active_day', 'Recomputing days'],
    ['second_degree_change', 'second_degree_change', 'Recomputing the second degree'],
    ['expected_week', 'expected_week', 'Recomputing weeks'],
    [`visited_cell_of_${origin}`, 'visited_cell', 'Recomputing places'],
    ['verify_quest', 'verify_quest', 'Recomputing quests'],
    ['quest_deed', 'quest_deed', 'Recomputing quests'],
    ['expected_quest', 'expected_quest', 'Recomputing quests'],
    [`area_count_of_${origin}`, 'area_count', 'Recomputing surges'],
    ['expected_surge_hour', 'expected_surge_hour', 'Recomputing surges'],
  ] as const) {
    onWork(what);
    await avoiding(session, avoided[step] ?? [], () =>
      session.query(fill(step), step.startsWith('area_count') ? [zone] : []),
    );
    await session.script(`analyze ${table}`);
  }
  const [coverage] = await session.query<Coverage & Record<string, unknown>>(fill('coverage'));
  return coverage ?? { dayCount: 0, tapCount: 0, userCount: 0, weekCount: 0, staleDays: 0 };
};
