import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { type Session, withTransaction } from '../db/transaction.js';
import { usageFailure, workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { addDays, type Day, daysBetween } from '../pipeline/plan.js';
import { readZone } from '../verify/verify.js';
import { type Deed, deedsOfTaps, isWeekend, reachedBy } from './quest.js';

export const whyKinds = ['streak', 'edge', 'day', 'week', 'rank', 'quest'] as const;
export type WhyKind = (typeof whyKinds)[number];

/** One number: as the source gives it, and as it is stored; null where there is no row. */
export interface Figure {
  readonly name: string;
  readonly computed: string | null;
  readonly stored: string | null;
}

/** An answer, as a person would give it. */
export interface Explanation {
  readonly kind: WhyKind;
  readonly lines: readonly string[];
  readonly figures: readonly Figure[];
}

export interface WhyQuestion {
  readonly kind: WhyKind;
  readonly user: string;
  readonly other: string | null;
  /** A day; its week for week and rank. Null: the user's latest active day. */
  readonly date: Day | null;
}

interface Tap extends Record<string, unknown> {
  day: Day;
  local_time: string;
  utc_time: string;
  partner_id: string;
  partner_name: string | null;
}

/** What every explanation starts from. */
interface Known {
  readonly session: Session;
  readonly zone: string;
  readonly asOfDay: Day;
  /** The earliest last day of a streak that is alive. */
  readonly aliveFromDay: Day;
  readonly question: WhyQuestion;
  readonly name: string;
  readonly taps: readonly Tap[];
}

/** Explains one number from the source rows. Throws a usage failure for somebody unknown. */
export const explain = (
  database: Database,
  settings: Settings,
  question: WhyQuestion,
): Promise<Explanation> =>
  withTransaction(
    database,
    settings,
    async (session) => {
      const zone = await readZone(session);
      const [moment] = await session.query<{ as_of_day: Day; alive_from_day: Day }>(
        readPackageFile('sql/verify/moment.sql'),
        [zone],
      );
      if (moment === undefined) throw workFailure('No day has been processed yet. Run: arc-gam backfill');
      const name = await nameOf(session, question.user);
      const taps = await session.query<Tap>(readPackageFile('sql/why/user_tap.sql'), [zone, question.user]);
      const known: Known = {
        session,
        zone,
        asOfDay: moment.as_of_day,
        aliveFromDay: moment.alive_from_day,
        question,
        name,
        taps,
      };
      return explanations[question.kind](known);
    },
    { readOnly: true },
  );

const nameOf = async (session: Session, user: string): Promise<string> => {
  const [found] = await session.query<{ name: string | null }>(
    'select name from app_user where id = $1::uuid',
    [user],
  );
  if (found === undefined) throw usageFailure(`There is no user ${user} in the application's users.`);
  return found.name ?? user;
};

const storedRow = async (session: Session, text: string, values: readonly string[]) => {
  const [row] = await session.query<{ row: Record<string, unknown> }>(
    `select to_jsonb(stored) as row from (${text}) as stored`,
    values,
  );
  return row?.row ?? null;
};

const figure = (name: string, computed: string | number | null, stored: unknown): Figure => ({
  name,
  computed: computed === null ? null : String(computed),
  stored: stored === null || stored === undefined ? null : String(stored),
});

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;

const listed = (lines: readonly string[], most = 20): string[] =>
  lines.length <= most ? [...lines] : [...lines.slice(0, most), `  and ${lines.length - most} more`];

const tapLine = (tap: Tap): string => `  ${tap.local_time}  with ${tap.partner_name ?? tap.partner_id}`;

const monday = (day: Day): Day => addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));

const activeDays = ({ taps }: Known): Day[] => [...new Set(taps.map(({ day }) => day))].sort();

/** Stretches of consecutive days, walked from the first to the last. */
const runsOf = (days: readonly Day[]): { from: Day; to: Day; days: number }[] => {
  const runs: { from: Day; to: Day; days: number }[] = [];
  for (const day of days) {
    const last = runs.at(-1);
    if (last !== undefined && addDays(last.to, 1) === day) {
      last.to = day;
      last.days += 1;
    } else runs.push({ from: day, to: day, days: 1 });
  }
  return runs;
};

/** The day asked for, else the user's latest active day. */
const dayAskedFor = (known: Known): Day => known.question.date ?? known.taps.at(-1)?.day ?? known.asOfDay;

const firstDays = (taps: readonly Tap[]): Map<string, Day> => {
  const first = new Map<string, Day>();
  for (const { partner_id, day } of taps) if (!first.has(partner_id)) first.set(partner_id, day);
  return first;
};

const streak = async (known: Known): Promise<Explanation> => {
  const { name, asOfDay, aliveFromDay, taps, session, question } = known;
  const stored = await storedRow(
    session,
    `select current_streak_days, longest_streak_days, last_active_day, streak_started_on,
       to_char(last_tap_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as last_tap_at
     from user_streaks where user_id = $1::uuid`,
    [question.user],
  );
  const runs = runsOf(activeDays(known));
  const latest = runs.at(-1);
  const longest = [...runs].sort((one, other) => other.days - one.days)[0];
  const lastTap = taps.at(-1);
  if (latest === undefined || longest === undefined || lastTap === undefined) {
    const figures = [figure('current_streak_days', null, stored?.current_streak_days)];
    return {
      kind: 'streak',
      lines: [`${name} has no tap on a processed day, so there is no streak.`],
      figures,
    };
  }
  const alive = latest.to >= aliveFromDay;
  const grace =
    aliveFromDay < asOfDay ? ` Day ${asOfDay} is not over yet, so a run may also end the day before.` : '';
  const lines = [
    `${name} had taps on ${count(activeDays(known).length, 'day')} up to ${asOfDay}.`,
    `The latest run of days without a gap goes from ${latest.from} to ${latest.to}: ${count(latest.days, 'day')}.`,
    alive
      ? `It is alive: it reaches ${latest.to}, and a streak has to reach ${aliveFromDay}.${grace} So the streak is ${latest.days}.`
      : `It is broken: ${addDays(latest.to, 1)} had no tap, and a streak has to reach ${aliveFromDay} to be alive.${grace} So the streak is 0.`,
    longest === latest
      ? 'No earlier run was longer.'
      : `The longest run was ${longest.from} to ${longest.to}: ${count(longest.days, 'day')}.`,
    `The days of the latest run, and the last tap of each:`,
    ...listed(
      daysBetween(latest.from, latest.to)
        .reverse()
        .map((day) => tapLine(taps.filter((tap) => tap.day === day).at(-1) ?? lastTap)),
    ),
  ];
  return {
    kind: 'streak',
    lines,
    figures: [
      figure('current_streak_days', alive ? latest.days : 0, stored?.current_streak_days),
      figure('longest_streak_days', longest.days, stored?.longest_streak_days),
      figure('last_active_day', latest.to, stored?.last_active_day),
      figure('streak_started_on', latest.from, stored?.streak_started_on),
      figure('last_tap_at', lastTap.utc_time, stored?.last_tap_at),
    ],
  };
};

const edge = async (known: Known): Promise<Explanation> => {
  const { name, asOfDay, taps, session, question } = known;
  if (question.other === null)
    throw usageFailure('why edge is about two users: give the other one with --other ID.');
  const otherName = await nameOf(session, question.other);
  const [u1 = '', u2 = ''] = [question.user, question.other].sort();
  const stored = await storedRow(
    session,
    `select taps_90d, to_char(last_tap_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as last_tap_at,
       strength_f32 from edge_strength where u1 = $1::uuid and u2 = $2::uuid`,
    [u1, u2],
  );
  const from = addDays(asOfDay, -89);
  const shared = taps.filter(({ partner_id }) => partner_id === question.other);
  const recent = shared.filter(({ day }) => day >= from);
  const last = recent.at(-1);
  const intro = `${name} and ${otherName} have tapped ${count(shared.length, 'time')} in all, ${count(recent.length, 'time')} on the 90 days from ${from} to ${asOfDay}.`;
  if (last === undefined) {
    return {
      kind: 'edge',
      lines: [intro, 'Without a tap on those days there is no tie.'],
      figures: [
        figure('taps_90d', null, stored?.taps_90d),
        figure('strength_f32', null, stored?.strength_f32),
      ],
    };
  }
  const days = daysBetween(last.day, asOfDay).length - 1;
  const often = 0.6 * Math.log(1 + recent.length);
  const fresh = 0.4 * Math.exp(-days / 21);
  const [rounded] = await session.query<{ strength: number }>('select $1::float8::real as strength', [
    often + fresh,
  ]);
  const strength = rounded?.strength ?? often + fresh;
  // The last bit of a real may differ between two ways to compute one formula.
  const storedStrength = Number(stored?.strength_f32);
  const isEqual = Math.abs(storedStrength - strength) <= 2e-7 * strength;
  return {
    kind: 'edge',
    lines: [
      intro,
      `The latest was on ${last.day}, ${count(days, 'day')} before the as-of day ${asOfDay}.`,
      `How often: 0.6 * ln(1 + ${recent.length}) = ${often.toFixed(6)}`,
      `How lately: 0.4 * exp(-${days} / 21) = ${fresh.toFixed(6)}`,
      `Strength: ${often.toFixed(6)} + ${fresh.toFixed(6)} = ${(often + fresh).toFixed(6)}`,
      'The taps, latest first:',
      ...listed([...recent].reverse().map(tapLine)),
    ],
    figures: [
      figure('taps_90d', recent.length, stored?.taps_90d),
      figure('last_tap_at', last.utc_time, stored?.last_tap_at),
      figure('strength_f32', isEqual ? storedStrength : strength, stored?.strength_f32),
    ],
  };
};

const day = async (known: Known): Promise<Explanation> => {
  const { name, taps, session, question } = known;
  const asked = dayAskedFor(known);
  const stored = await storedRow(
    session,
    'select tap_count, first_degree_new_count from user_day_activity where user_id = $1::uuid and day = $2::date',
    [question.user, asked],
  );
  const onDay = taps.filter((tap) => tap.day === asked);
  const first = firstDays(taps);
  const newcomers = [...new Set(onDay.map(({ partner_id }) => partner_id))].filter(
    (id) => first.get(id) === asked,
  );
  const names = new Map(onDay.map((tap) => [tap.partner_id, tap.partner_name ?? tap.partner_id]));
  const none = onDay.length === 0;
  return {
    kind: 'day',
    lines: [
      `${name} had ${count(onDay.length, 'tap')} on ${asked}.`,
      ...listed(onDay.map(tapLine)),
      newcomers.length === 0
        ? 'All of these partners had been met before, or there is none.'
        : `Met for the first time ever: ${newcomers.map((id) => names.get(id)).join(', ')}.`,
    ],
    figures: [
      figure('tap_count', none ? null : onDay.length, stored?.tap_count),
      figure('first_degree_new_count', none ? null : newcomers.length, stored?.first_degree_new_count),
    ],
  };
};

interface Other extends Record<string, unknown> {
  other_id: string;
  other_name: string | null;
  through_name: string | null;
  reached_on: Day;
  met_on: Day | null;
}

interface Week {
  readonly start: Day;
  readonly end: Day;
  readonly taps: readonly Tap[];
  readonly newcomers: readonly string[];
  readonly atTwo: readonly Other[];
  readonly newAtTwo: readonly Other[];
  readonly streakDays: number;
}

const weekOf = async (known: Known): Promise<Week> => {
  const { session, zone, question, taps, asOfDay } = known;
  const start = monday(dayAskedFor(known));
  const sunday = addDays(start, 6);
  const end = sunday < asOfDay ? sunday : asOfDay;
  const inWeek = taps.filter((tap) => tap.day >= start && tap.day <= sunday);
  const newcomers = [...firstDays(taps)]
    .filter(([, first]) => first >= start && first <= sunday)
    .map(([id]) => id);
  const others = await session.query<Other>(readPackageFile('sql/why/second_degree.sql'), [
    zone,
    question.user,
  ]);
  const atTwo = others.filter(
    ({ reached_on, met_on }) => reached_on <= end && (met_on === null || met_on > end),
  );
  const streakDays = Math.max(
    0,
    ...runsOf(activeDays(known))
      .filter((run) => run.from <= sunday && run.to >= start)
      .map((run) => daysBetween(run.from, run.to < sunday ? run.to : sunday).length),
  );
  return {
    start,
    end,
    taps: inWeek,
    newcomers,
    atTwo,
    newAtTwo: atTwo.filter(({ reached_on }) => reached_on >= start),
    streakDays,
  };
};

const week = async (known: Known): Promise<Explanation> => {
  const { name, session, question } = known;
  const found = await weekOf(known);
  const stored = await storedRow(
    session,
    `select tap_count, first_degree_new_count, second_degree_count, second_degree_new_count
     from user_week_activity where user_id = $1::uuid and week_start = $2::date`,
    [question.user, found.start],
  );
  const none = found.taps.length === 0;
  const byDay = daysBetween(found.start, addDays(found.start, 6))
    .map((date) => ({ date, taps: found.taps.filter((tap) => tap.day === date).length }))
    .filter(({ taps }) => taps > 0);
  const names = new Map(found.taps.map((tap) => [tap.partner_id, tap.partner_name ?? tap.partner_id]));
  return {
    kind: 'week',
    lines: [
      `${name} had ${count(found.taps.length, 'tap')} in the week from Monday ${found.start}${none ? '.' : `: ${byDay.map(({ date, taps }) => `${taps} on ${date}`).join(', ')}.`}`,
      `Met for the first time ever: ${found.newcomers.length === 0 ? 'nobody' : found.newcomers.map((id) => names.get(id)).join(', ')}.`,
      `Friends of friends on ${found.end}, neither friends nor the user: ${found.atTwo.length}. ${found.newAtTwo.length} of them came within reach since ${found.start}:`,
      ...listed(
        found.newAtTwo.map(
          (other) =>
            `  ${other.other_name ?? other.other_id}, through ${other.through_name ?? 'somebody'}, since ${other.reached_on}`,
        ),
      ),
    ],
    figures: [
      figure('tap_count', none ? null : found.taps.length, stored?.tap_count),
      figure('first_degree_new_count', none ? null : found.newcomers.length, stored?.first_degree_new_count),
      figure('second_degree_count', none ? null : found.atTwo.length, stored?.second_degree_count),
      figure('second_degree_new_count', none ? null : found.newAtTwo.length, stored?.second_degree_new_count),
    ],
  };
};

const rank = async (known: Known): Promise<Explanation> => {
  const { name, session, question } = known;
  const found = await weekOf(known);
  const stored = await storedRow(
    session,
    `select new_first_degree, delta_second_degree, streak_days, connectors_rank, builders_rank, streak_rank
     from weekly_leaderboard where user_id = $1::uuid and week_start = $2::date`,
    [question.user, found.start],
  );
  const none = found.taps.length === 0;
  const [ahead] = await session.query<{
    connectors: number;
    builders: number;
    streak: number;
    users: number;
  }>(readPackageFile('sql/why/ahead.sql'), [
    found.start,
    found.newcomers.length,
    found.newAtTwo.length,
    found.streakDays,
    question.user,
  ]);
  const boards = [
    [
      'connectors',
      'new_first_degree',
      found.newcomers.length,
      ahead?.connectors ?? 0,
      'partners met for the first time ever',
    ],
    [
      'builders',
      'delta_second_degree',
      found.newAtTwo.length,
      ahead?.builders ?? 0,
      'new friends of friends',
    ],
    [
      'streak',
      'streak_days',
      found.streakDays,
      ahead?.streak ?? 0,
      'days, the longest that a streak had become',
    ],
  ] as const;
  return {
    kind: 'rank',
    lines: none
      ? [`${name} had no tap in the week from Monday ${found.start}, so there is no place on its boards.`]
      : [
          `${name} in the week from Monday ${found.start}, among ${count(ahead?.users ?? 1, 'user')}:`,
          ...boards.map(([board, , value, before, words]) =>
            value === 0
              ? `  ${board}: 0 ${words}: no rank.`
              : `  ${board}: ${value} ${words}; ${before === 0 ? 'nobody has' : before === 1 ? '1 user has' : `${before} users have`} more: rank ${before + 1}.`,
          ),
          'Own figures are from the source, those of the others as stored.',
        ],
    figures: boards.flatMap(([board, column, value, before]) => [
      figure(column, none ? null : value, stored?.[column]),
      figure(`${board}_rank`, none || value === 0 ? null : before + 1, stored?.[`${board}_rank`]),
    ]),
  };
};

interface StoredQuest extends Record<string, unknown> {
  slug: string;
  title: string;
  metric: string;
  target: number;
  span: string;
  stored_count: string | null;
  stored_target: string | null;
  stored_pct: string | null;
  stored_completed_at: string | null;
}

const quest = async (known: Known): Promise<Explanation> => {
  const { name, session, zone, question, taps, asOfDay } = known;
  const start = monday(dayAskedFor(known));
  const sunday = addDays(start, 6);
  const quests = await session.query<StoredQuest>(readPackageFile('sql/why/quest.sql'), [
    asOfDay,
    question.user,
    start,
  ]);
  const lines = [
    `${name} in the week from Monday ${start}, in ${count(quests.length, 'quest')} that ${quests.length === 1 ? 'is' : 'are'} active in it:`,
  ];
  const figures: Figure[] = [];
  for (const { slug, title, metric, target, span, ...stored } of quests) {
    const deeds =
      metric === 'assists' || metric === 'new_areas'
        ? await session.query<Deed & Record<string, unknown>>(
            readPackageFile(`sql/why/${metric === 'assists' ? 'assist' : 'new_area'}.sql`),
            [zone, question.user],
          )
        : deedsOfTaps(metric, taps);
    const counted = deeds
      .filter(({ day }) => day >= start && day <= sunday && (span !== 'weekend' || isWeekend(day)))
      .sort((one, other) => (one.utc_time < other.utc_time ? -1 : one.utc_time > other.utc_time ? 1 : 0));
    const reached = reachedBy(counted, span, target);
    const none = reached.count === 0;
    const pct = Math.min(100, Math.floor((100 * reached.count) / target));
    const best = span === 'day' ? ' on the best day' : span === 'weekend' ? ' on the weekend' : '';
    lines.push(
      `${title} (${slug}): ${metric} ${reached.count}${best} of ${target}: least(100, floor(100 * ${reached.count} / ${target})) = ${pct} %${
        reached.completedBy === null ? '.' : `, completed ${reached.completedBy.local_time}.`
      }`,
      ...listed(counted.map(({ local_time, what }) => `  ${local_time}  ${what}`)),
    );
    figures.push(
      figure(`${slug} count`, none ? null : reached.count, stored.stored_count),
      figure(`${slug} target`, none ? null : target, stored.stored_target),
      figure(`${slug} pct`, none ? null : pct, stored.stored_pct),
      figure(`${slug} completed_at`, reached.completedBy?.utc_time ?? null, stored.stored_completed_at),
    );
  }
  return {
    kind: 'quest',
    lines,
    figures: figures.filter(({ computed, stored }) => computed !== null || stored !== null),
  };
};

const explanations: Record<WhyKind, (known: Known) => Promise<Explanation>> = {
  streak,
  edge,
  day,
  week,
  rank,
  quest,
};
