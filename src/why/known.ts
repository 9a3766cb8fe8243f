import type { Session } from '../db/transaction.js';
import { usageFailure } from '../errors.js';
import { addDays, type Day } from '../pipeline/plan.js';

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

export interface Tap extends Record<string, unknown> {
  day: Day;
  local_time: string;
  utc_time: string;
  partner_id: string;
  partner_name: string | null;
}

/** What every explanation starts from. */
export interface Known {
  readonly session: Session;
  readonly zone: string;
  readonly asOfDay: Day;
  /** The earliest last day of a streak that is alive. */
  readonly aliveFromDay: Day;
  readonly question: WhyQuestion;
  readonly name: string;
  readonly taps: readonly Tap[];
}

export const nameOf = async (session: Session, user: string): Promise<string> => {
  const [found] = await session.query<{ name: string | null }>(
    'select name from app_user where id = $1::uuid',
    [user],
  );
  if (found === undefined) throw usageFailure(`There is no user ${user} in the application's users.`);
  return found.name ?? user;
};

export const storedRow = async (session: Session, text: string, values: readonly string[]) => {
  const [row] = await session.query<{ row: Record<string, unknown> }>(
    `select to_jsonb(stored) as row from (${text}) as stored`,
    values,
  );
  return row?.row ?? null;
};

export const figure = (name: string, computed: string | number | null, stored: unknown): Figure => ({
  name,
  computed: computed === null ? null : String(computed),
  stored: stored === null || stored === undefined ? null : String(stored),
});

export const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;

/** A sentence's end: a name that ends in a full stop of its own (Yusuf D.) gets no second one. */
export const sentence = (text: string): string => (/[.!?。]$/u.test(text) ? text : `${text}.`);

export const listed = (lines: readonly string[], most = 20): string[] =>
  lines.length <= most ? [...lines] : [...lines.slice(0, most), `  and ${lines.length - most} more`];

export const tapLine = (tap: Tap): string =>
  `  ${tap.local_time}  with ${tap.partner_name ?? tap.partner_id}`;

export const monday = (day: Day): Day => addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));

export const activeDays = ({ taps }: Known): Day[] => [...new Set(taps.map(({ day }) => day))].sort();

/** Stretches of consecutive days, walked from the first to the last. */
export const runsOf = (days: readonly Day[]): { from: Day; to: Day; days: number }[] => {
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
export const dayAskedFor = (known: Known): Day =>
  known.question.date ?? known.taps.at(-1)?.day ?? known.asOfDay;

export const firstDays = (taps: readonly Tap[]): Map<string, Day> => {
  const first = new Map<string, Day>();
  for (const { partner_id, day } of taps) if (!first.has(partner_id)) first.set(partner_id, day);
  return first;
};
