import type { Answer, Body } from './answer.js';
import type { Context } from './context.js';
import { Problem } from './problem.js';
import type { Question } from './question.js';

type Participant = Answer<'radar'>['top_current_window'][number];

interface HourRow extends Record<string, unknown> {
  readonly hour: number;
  readonly user_id: string;
  readonly name: string;
  readonly opted_out: boolean;
  readonly count: number;
  readonly count_60_minutes: number;
}

const hourMs = 3_600_000;

/** Opportunity Radar: the viewer's own taps hour by hour, who is around, and what surges nearby. */
export const answerRadar = async (context: Context, question: Question<'radar'>): Promise<Body<'radar'>> => {
  const { reading, watermark, viewer, tables } = context;
  const now = Date.parse(watermark.now_at);
  const start = hourStart(now, watermark.viewer_zone) - (question.hours - 1) * hourMs;
  if (question.city !== undefined) await requireCity(context, question.city);
  const [rows, surges] = await Promise.all([
    reading.query<HourRow>('radar_tap', [
      viewer.userId,
      viewer.key,
      iso(start),
      watermark.now_at,
      watermark.zone,
      question.city ?? null,
    ]),
    readSurges(context, question.hours),
  ]);
  if (!tables.has('surge_windows')) {
    context.warn('surges is empty: the table of surges does not exist. Run: arc-gam migrate');
  }
  const byHour = new Map<number, HourRow[]>();
  for (const row of rows) byHour.set(row.hour, [...(byHour.get(row.hour) ?? []), row]);
  return {
    window: { hours: question.hours, end: watermark.now_at },
    buckets: Array.from({ length: question.hours }, (_, hour) => {
      const partners = byHour.get(hour) ?? [];
      return {
        ts: iso(start + hour * hourMs),
        activity_count: partners.reduce((sum, { count }) => sum + count, 0),
        unique_people: partners.length,
        participants: partners
          .filter(({ opted_out }) => !opted_out)
          .map(({ user_id, name, count }) => ({ user_id, name, count })),
      };
    }),
    top_current_window: topOf(rows),
    surges,
  };
};

const iso = (moment: number): string => new Date(moment).toISOString();

/** Start of the local hour of a moment: zones are offset by minutes that are no multiple of 60. */
const hourStart = (moment: number, zone: string): number => {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    minute: 'numeric',
    second: 'numeric',
    hour: 'numeric',
    hourCycle: 'h23',
  }).formatToParts(moment);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return Math.floor(moment / 1000) * 1000 - (of('minute') * 60 + of('second')) * 1000;
};

const topOf = (rows: readonly HourRow[]): Participant[] => {
  const byPartner = new Map<string, Participant>();
  for (const row of rows) {
    if (row.opted_out || row.count_60_minutes === 0) continue;
    const count = (byPartner.get(row.user_id)?.count ?? 0) + row.count_60_minutes;
    byPartner.set(row.user_id, { user_id: row.user_id, name: row.name, count });
  }
  return [...byPartner.values()]
    .sort((one, other) => other.count - one.count || (one.user_id < other.user_id ? -1 : 1))
    .slice(0, 5);
};

const requireCity = async ({ reading, tables }: Context, city: string): Promise<void> => {
  if (!tables.has('gazetteer_place')) {
    throw new Problem(503, 'There is no gazetteer to look a city up in. Run: arc-gam migrate');
  }
  const found = await reading.query('city', [city]);
  if (found.length === 0) throw new Problem(400, 'city is not a place of the gazetteer.');
};

const readSurges = async (
  { reading, tables, viewer, watermark }: Context,
  hours: number,
): Promise<Answer<'radar'>['surges']> => {
  if (!tables.has('surge_windows') || !tables.has('gazetteer_place')) return [];
  return reading.query<Answer<'radar'>['surges'][number]>('surge', [
    viewer.userId,
    viewer.key,
    watermark.now_at,
    hours,
  ]);
};
