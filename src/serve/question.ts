import { z } from 'zod';
import { isZone } from '../config.js';
import { uuidPattern } from './settings.js';

/** A parameter that is given once. The issue of a failed check names the parameter. */
export const given = (name: string, absent = `${name} is required`) =>
  z.string({
    error: ({ input }) => (input === undefined ? absent : `${name} is given more than once. Give it once.`),
  });

const flag = (name: string) =>
  given(name)
    .refine((text) => ['', '0', '1', 'true', 'false'].includes(text), {
      error: `${name} is neither 0 nor 1.`,
    })
    .transform((text) => text === '1' || text === 'true');

/** What every endpoint is asked. */
export const common = {
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

const commonQuestion = z.object(common);

export type CommonQuestion = z.output<typeof commonQuestion>;
