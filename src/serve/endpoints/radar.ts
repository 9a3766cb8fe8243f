import { z } from 'zod';
import { defineEndpoint } from '../endpoint.js';
import { hourBegin, hourMs, someone, wave } from '../made-up.js';
import { Problem } from '../problem.js';
import { common, given } from '../question.js';
import type { Context } from '../reading/context.js';
import { readLiveTaps } from '../reading/live-taps.js';
import { count, instant, meta, person, source, userId } from '../shape.js';

const city = given('city')
  .trim()
  .min(1, { error: 'city is empty. Give the name of a city, or leave it out.' })
  .max(100, { error: 'city has more than 100 characters.' })
  .regex(/^\P{Cc}*$/u, { error: 'city holds a control character.' });

const participant = z.object({ ...person, count });

const answer = z.object({
  source,
  user_id: userId,
  window: z.object({ hours: z.int(), end: instant }),
  buckets: z.array(
    z.object({
      ts: z.string().meta({ description: 'Start of the hour, ISO 8601 in UTC.' }),
      activity_count: count,
      unique_people: count,
      participants: z.array(participant),
    }),
  ),
  top_current_window: z.array(participant),
  surges: z.array(
    z.object({
      area_name: z.string(),
      start_time: instant,
      end_time: instant,
      surge_multiplier: z.number(),
      unique_users: count.meta({ description: 'Rounded down to 5.' }),
    }),
  ),
  meta,
});

type Answer = z.output<typeof answer>;

interface Place extends Record<string, unknown> {
  readonly place_id: number;
  /** City, state where states are kept, country. */
  readonly label: string;
}

/**
 * Opportunity Radar: the viewer's own taps hour by hour, who is around, and what surges nearby.
 * See docs/api.md#opportunity-radar.
 */
export const radar = defineEndpoint({
  name: 'radar',
  summary: 'Opportunity Radar: taps by hour, who is around, surges nearby',
  question: z.object({
    ...common,
    hours: given('hours')
      .regex(/^(?:[1-9]|[1-9]\d|1[0-5]\d|16[0-8])$/, { error: 'hours is not a whole number from 1 to 168.' })
      .transform(Number)
      .prefault('24')
      .meta({ description: 'Hours of the window, 1 to 168, the current one included.' }),
    city: city
      .optional()
      .meta({ description: 'Only taps in this city of the gazetteer: a name, or name, state or country.' }),
  }),
  answer,
  relations: ['pair', 'pair_day', 'pair_day_tap', 'user_streaks', 'tap', 'home_place', 'surge_windows'],
  why: ['radar', 'surges'],
  changesEach: 'minute',
  read: async (context, question) => {
    const { reading, watermark, viewer, describe } = context;
    const place = question.city === undefined ? undefined : await findCity(context, question.city);
    describe({ city_filter: place?.label ?? null });
    const [[row], surges] = await Promise.all([
      readLiveTaps(context).then((live) =>
        reading.query<{ buckets: string; top_current_window: string }>('radar_tap', [
          viewer.userId,
          viewer.key,
          question.hours,
          watermark.now_at,
          watermark.zone,
          place?.place_id ?? null,
          watermark.viewer_zone,
          live === null ? null : JSON.stringify(live),
          watermark.live_from_day,
        ]),
      ),
      reading.query<Answer['surges'][number]>('surge', [
        viewer.userId,
        viewer.key,
        watermark.now_at,
        question.hours,
      ]),
    ]);
    if (row === undefined) throw new Error('sql/api/radar_tap.sql gave no row');
    return {
      window: { hours: question.hours, end: watermark.now_at },
      buckets: JSON.parse(row.buckets) as Answer['buckets'],
      top_current_window: JSON.parse(row.top_current_window) as Answer['top_current_window'],
      surges,
    };
  },
  mock: (question, now, describe) => {
    describe({ city_filter: question.city ?? null });
    const hour = hourBegin(now, question.tz ?? 'UTC');
    const at = (ago: number) => new Date(hour - ago * hourMs).toISOString();
    return {
      window: { hours: question.hours, end: now.toISOString() },
      buckets: Array.from({ length: question.hours }, (_, index) => {
        const taps = Math.max(0, wave(index, 6) - 2);
        const people = Math.min(taps, 3);
        return {
          ts: at(question.hours - 1 - index),
          activity_count: taps,
          unique_people: people,
          participants: Array.from({ length: people }, (_person, place) => ({
            ...someone(place),
            count: place === 0 ? taps - people + 1 : 1,
          })),
        };
      }),
      top_current_window: [0, 1].map((index) => ({ ...someone(index), count: 2 - index })),
      surges: [
        {
          area_name: 'Austin, TX',
          start_time: at(2),
          end_time: at(0),
          surge_multiplier: 2.4,
          unique_users: 15,
        },
      ],
    };
  },
});

/**
 * The largest city of that name. What follows the last comma, or the last two, may be its state and country; a name can
 * hold commas itself. Throws a 400 where there is none.
 */
const findCity = async ({ reading }: Context, text: string): Promise<Place> => {
  const parts = text.split(',').map((part) => part.trim());
  const found = await Promise.all(
    [0, 1, 2]
      .filter((regions) => regions < parts.length)
      .map((regions) =>
        reading.query<Place>('city', [
          parts.slice(0, parts.length - regions).join(', '),
          regions === 0 ? null : parts.slice(-regions).join(', '),
        ]),
      ),
  );
  const [place] = found.flat();
  if (place === undefined) throw new Problem(400, 'unknown_city', 'city is not a place of the gazetteer.');
  return place;
};
