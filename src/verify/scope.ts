import { isSourceSpread } from '../citus/cluster.js';
import { fromReading, readingOf, readingTable } from '../citus/reading.js';
import { avoiding, type Session } from '../db/transaction.js';
import { readPackageFile, sqlFilesIn } from '../files.js';
import { loadSteps } from '../pipeline/order.js';
import type { Day } from '../pipeline/plan.js';

/** What a verification is to look at. */
export interface VerifyScope {
  /** Every day and every user instead of a sample. */
  readonly full: boolean;
  /** Number of users in a sample; it has at most a quarter as many days. */
  readonly sample: number;
  readonly seed: string;
  /** Only this day, its week and the users who were active on it. */
  readonly date: Day | null;
  /** Only this user. */
  readonly user: string | null;
  /** Users whose progress is looked at in one go; 10,000 if not given. Of 100,000 it took 22 GB of temporary files. */
  readonly usersAtOnce?: number;
}

/** How much was looked at. */
export interface Coverage {
  readonly dayCount: number;
  readonly tapCount: number;
  readonly userCount: number;
  readonly weekCount: number;
  readonly staleDays: number;
  /** Days whose facts were held against their digests, for their taps are not read any more. */
  readonly frozenDays: number;
}

/** What figures depend on besides the taps and the zone. */
export interface Clock {
  readonly asOfDay: Day;
  /** The earliest last day of a streak that is alive. */
  readonly aliveFromDay: Day;
}

/** A part of what comes before the checks: what it is about, and how long it took. */
export interface Preparation {
  readonly what: string;
  readonly durationMs: number;
}

const fill = (name: string): string => readPackageFile(`sql/verify/${name}.sql`);

/** Ways to join or scan that the planner may not choose for a statement, because it can't know how much there is. */
const avoided: Partial<Record<string, readonly string[]>> = {
  // A few index look-ups per user. The planner would choose to read the whole graph for every user.
  second_degree_change: ['hashjoin', 'mergejoin', 'memoize', 'bitmapscan', 'seqscan'],
  // The planner expects few triangles and would look up every connection that may close one.
  quest_deed: ['nestloop', 'mergejoin', 'memoize'],
  // The planner expects a handful of hours and would compare each with each.
  expected_surge_hour: ['nestloop'],
};

/** For a few users or days the planner would read whole tables; disabled until the transaction ends. */
const lookUp = 'set local random_page_cost = 1.1; set local enable_seqscan = off;';

/** Fills a temporary table with the statement of the same name, or with another one. */
const recompute = async (
  session: Session,
  table: string,
  statement: string,
  ways: readonly string[],
): Promise<void> => {
  await avoiding(session, ways, () => session.query(fill(statement)));
  await session.script(`analyze ${table}`);
};

/**
 * What is recomputed, in this order, from the source (`of_source`) or for a sample from the stored facts (`of_sample`).
 */
const parts = [
  ['pairs', ['fact_of', 'expected_pair', 'person_of']],
  ['days', ['active_day']],
  ['the graph', ['tie_of', 'tie_list']],
  ['the second degree', ['second_degree_change']],
  ['weeks', ['expected_week']],
  ['places', ['visited_cell_of']],
  ['quests', ['verify_quest', 'quest_day']],
  ['progress', ['quest_deed', 'expected_quest']],
  ['surges', ['area_count_of', 'expected_surge_hour', 'expected_surge_window', 'expected_area']],
] as const;
type Part = (typeof parts)[number][0];

const recomputePart = async (
  session: Session,
  part: Part,
  origin: 'source' | 'sample',
  scope: Pick<VerifyScope, 'usersAtOnce'> = {},
): Promise<void> => {
  const [, statements] = parts.find(([name]) => name === part) ?? [part, []];
  const recomputeAll = async (): Promise<void> => {
    for (const statement of statements) {
      const table = statement.replace(/_of$/, '');
      // A sample reads no whole table in any of its statements.
      const ways = (avoided[table] ?? []).filter((way) => origin === 'source' || way !== 'seqscan');
      await recompute(session, table, table === statement ? table : `${statement}_${origin}`, ways);
    }
  };
  await (part === 'progress' ? inParts(session, scope, recomputeAll) : recomputeAll());
};

/**
 * Does something for the users in verify_user, which holds one part of them after the other while it is done, and all
 * of them afterwards.
 */
export const inParts = async (
  session: Session,
  { usersAtOnce = 10_000 }: Pick<VerifyScope, 'usersAtOnce'>,
  work: () => Promise<void>,
): Promise<void> => {
  const [divided] = await session.query<{ count: number }>(fill('user_part'), [usersAtOnce]);
  const count = divided?.count ?? 0;
  if (count <= 1) return work();
  const keepOnly = async (part: number | null): Promise<void> => {
    await session.query('delete from verify_user');
    await session.query(fill('users_of_part'), [part]);
    await session.script('analyze verify_user');
  };
  for (let part = 0; part < count; part += 1) {
    await keepOnly(part);
    await work();
  }
  await keepOnly(null);
};

/**
 * The taps of the verified days; of frozen ones what is stored, which the digests of the day are held against. Where
 * the source is spread over nodes, two statements over everybody's taps would not read it at one moment: it is read
 * once.
 */
const readSource = async (
  session: Session,
  { everybody, places }: { everybody: boolean; places: boolean },
): Promise<void> => {
  const relations = places ? ['pair_day', 'cell'] : ['pair_day'];
  const isSpread = everybody && (await isSourceSpread(session.query));
  if (isSpread) {
    await session.query(readingOf('verify_stretch'));
    await session.script(`analyze ${readingTable}`);
  }
  for (const relation of relations) {
    const statement = fill(`source_${relation}`);
    await session.query(isSpread ? fromReading(statement) : statement, [everybody]);
  }
  await session.query(fill('frozen_pair_day'), [everybody]);
  if (places) await session.query(fill('frozen_cell'), [everybody]);
  await session.script('analyze source_pair_day; analyze source_cell');
};

/**
 * Has the texts of homes read again by the steps themselves, the one thing here that is not recomputed by other SQL: a
 * second reader of what people write would differ where both are right.
 */
const readHomes = async (session: Session): Promise<void> => {
  const steps = loadSteps();
  const stepSelect = (name: string) => steps.find((step) => step.name === name)?.select;
  await session.script(
    `insert into batch_user select verify_home.user_id from verify_home; analyze batch_user`,
  );
  await session.script(
    `insert into changed_home
    select home.user_id, home.original_text, home.parser_version
    from (${stepSelect('changed_home')}) as home
    where home.user_id in (select batch_user.user_id from batch_user);
    analyze changed_home`,
  );
  await session.script(
    `insert into home_reading ${stepSelect('home_location_struct')}; analyze home_reading`,
  );
};

const openClock = async (session: Session, zone: string, isFull: boolean): Promise<Clock> => {
  const rules = sqlFilesIn('sql/verify/rules').map((file) => readPackageFile(`sql/verify/rules/${file}`));
  await session.script(`${fill('open')}\n${rules.join('\n')}\nset transaction read only;`);
  const [clock] = await session.query<{ as_of_day: Day; alive_from_day: Day }>(fill('clock'), [zone, isFull]);
  await session.query(fill('calendar'));
  await session.script('analyze verify_clock; analyze verify_calendar');
  return { asOfDay: clock?.as_of_day ?? '', aliveFromDay: clock?.alive_from_day ?? '' };
};

/**
 * Chooses the days and users, reads the source once, and recomputes into temporary tables what the checks compare with.
 * All of it in the caller's transaction, which is read only from here on: from the source where everything is looked
 * at, from the stored facts (which are themselves held against the source by day) for a sample of users.
 */
export const openScope = async (
  session: Session,
  scope: VerifyScope,
  zone: string,
  onWork: (what: string) => void,
): Promise<{ clock: Clock; coverage: Coverage; preparations: readonly Preparation[] }> => {
  const choice = [scope.full, scope.sample, scope.seed, scope.date, scope.user];
  const isFull = scope.full && scope.date === null;
  const preparations: Preparation[] = [];
  const timed = async <Result>(what: string, doing: string, work: () => Promise<Result>): Promise<Result> => {
    const started = performance.now();
    onWork(doing);
    const result = await work();
    preparations.push({ what, durationMs: performance.now() - started });
    return result;
  };
  const clock = await timed('the source', 'Reading the taps of the source', async () => {
    const opened = await openClock(session, zone, isFull);
    if (!isFull) await session.script(lookUp);
    await session.query(fill('day_scope'), choice);
    await session.query(fill('stretch'));
    await session.script('analyze verify_day; analyze verify_stretch');
    await readSource(session, { everybody: true, places: true });
    await session.query(fill('stale_day'));
    const [frozen] = await session.query<{ any: boolean }>(
      'select exists (select 1 from verify_day where is_frozen) as any',
    );
    if (frozen?.any) await session.query(fill('erased_day'));
    await session.query(fill('user_scope'), choice);
    await session.query(fill('week_scope'));
    await session.query(fill('home_scope'), [isFull]);
    await session.query(fill('share'), [isFull, scope.seed]);
    await session.script(
      'analyze verify_day; analyze verify_user; analyze verify_week; analyze verify_home; analyze verify_share',
    );
    return opened;
  });
  await timed('homes', 'Reading the homes again', () => readHomes(session));
  for (const [part] of parts)
    await timed(part, `Recomputing ${part}`, () =>
      recomputePart(session, part, isFull ? 'source' : 'sample', scope),
    );
  const [coverage] = await session.query<Coverage & Record<string, unknown>>(fill('coverage'));
  return {
    clock,
    coverage: coverage ?? {
      dayCount: 0,
      tapCount: 0,
      userCount: 0,
      weekCount: 0,
      staleDays: 0,
      frozenDays: 0,
    },
    preparations,
  };
};

/**
 * As openScope, for one user and from the source alone: their days, and where the graph is asked for also weeks, places
 * and quests, from the taps of everybody whom they ever tapped with. The checks' expectations then are those of the
 * user.
 */
export const openUser = async (
  session: Session,
  user: string,
  zone: string,
  { graph }: { graph: boolean },
): Promise<Clock> => {
  const clock = await openClock(session, zone, true);
  await session.query(fill('day_scope'), [true, 1, '', null, null]);
  await session.query('insert into verify_user (user_id) values ($1::uuid)', [user]);
  await session.query(fill('tapper_scope'), [user, graph]);
  await session.query(fill('stretch'));
  await session.script(
    'analyze verify_day; analyze verify_stretch; analyze verify_user; analyze verify_tapper',
  );
  await readSource(session, { everybody: false, places: graph });
  for (const [part] of parts) {
    if (part === 'surges' || !(graph || part === 'pairs' || part === 'days')) continue;
    await recomputePart(session, part, 'source');
  }
  return clock;
};
