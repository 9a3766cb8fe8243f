import { z } from 'zod';
import { uuidPattern } from './settings.js';

/** Days of each time window of the Weekly Pulse, under both of its names. */
export const windowDays = {
  '1d': 1,
  '7d': 7,
  '30d': 30,
  '180d': 180,
  '365d': 365,
  '1day': 1,
  '1week': 7,
  '1month': 30,
  '6months': 180,
  '1year': 365,
} as const;

export type TimeWindow = keyof typeof windowDays;

const given = (name: string, absent = `${name} is required`) =>
  z.string({
    error: ({ input }) => (input === undefined ? absent : `${name} is given more than once. Give it once.`),
  });

const flag = (name: string) =>
  given(name)
    .refine((text) => ['', '0', '1', 'true', 'false'].includes(text), {
      error: `${name} is neither 0 nor 1.`,
    })
    .transform((text) => text === '1' || text === 'true');

const isZone = (text: string): boolean => {
  // Postgres reads the sign of a POSIX zone such as UTC+3 the other way round: only names are taken.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
};

const common = {
  user_id: given('user_id')
    .min(1, { error: 'user_id is required', abort: true })
    .regex(uuidPattern, { error: 'user_id is not a uuid.' })
    .transform((text) => text.toLowerCase())
    .meta({ description: 'Whose page it is. A token must be about this user.' }),
  tz: given('tz')
    .refine(isZone, { error: "tz is not an IANA time zone such as 'America/New_York'." })
    .optional()
    .meta({ description: "IANA zone of the viewer's own figures; default: the stored zone." }),
  debug: flag('debug').optional().meta({ description: '1 adds meta.debug.' }),
  demo: flag('demo').optional().meta({ description: '1 asks for made-up data.' }),
};

const city = given('city')
  .trim()
  .min(1, { error: 'city is empty. Give the name of a city, or leave it out.' })
  .max(100, { error: 'city has more than 100 characters.' })
  .regex(/^\P{Cc}*$/u, { error: 'city holds a control character.' });

/** Parameters of each endpoint: they validate, and they are the documentation. */
export const questions = {
  weekly: z.object({
    ...common,
    time_window: given('time_window')
      .refine((text): text is TimeWindow => Object.hasOwn(windowDays, text), {
        error: `time_window is none of ${Object.keys(windowDays).join(', ')}.`,
      })
      .default('7d')
      .meta({ description: `Whole local days, today included: ${Object.keys(windowDays).join(', ')}.` }),
  }),
  quests: z.object(common),
  radar: z.object({
    ...common,
    hours: given('hours')
      .regex(/^(?:[1-9]|[1-9]\d|1[0-5]\d|16[0-8])$/, { error: 'hours is not a whole number from 1 to 168.' })
      .transform(Number)
      .default(24)
      .meta({ description: 'Hours of the window, 1 to 168, the current one included.' }),
    city: city.optional().meta({ description: 'Only taps in this city of the gazetteer.' }),
  }),
  health: z.object(common),
};

export type EndpointName = keyof typeof questions;
export type Question<Name extends EndpointName> = z.output<(typeof questions)[Name]>;
/** What every endpoint is asked. */
export type CommonQuestion = z.output<typeof questions.quests>;
