import { z } from 'zod';

/** Pieces of the answers. */
export const day = z.string().meta({ description: 'A calendar day, YYYY-MM-DD.' });
export const instant = z.string().meta({ description: 'A moment in UTC, ISO 8601.' });
export const count = z.int().min(0);
export const userId = z.string().meta({ format: 'uuid' });
export const source = z.enum(['database', 'mock']);
export const person = { user_id: userId, name: z.string() };
export const nullable = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.null()]);
export const week = z.object({ year: z.int(), iso_week: z.int() });

/** What every answer says about itself. */
export const meta = z.object({
  source,
  duration_ms: z.number(),
  user_id: userId,
  watermark: z
    .object({ as_of_day: nullable(day), computed_at: nullable(instant), known_until: nullable(instant) })
    .meta({
      description:
        'The latest processed day, when the figures were computed last, and the moment up to which taps are counted.',
    }),
  warnings: z.array(z.string()),
  tz_used: z.string(),
  city_filter: nullable(z.string())
    .optional()
    .meta({ description: 'The place that was taken for city: city, region, country.' }),
  why: z
    .record(z.string(), z.string())
    .optional()
    .meta({ description: 'How each part is counted, a sentence or two by topic.' }),
  debug: z.record(z.string(), z.unknown()).optional(),
});

export type Meta = z.output<typeof meta>;

/** A refusal. */
export const refusal = z.object({
  error: z.string().meta({ description: 'A sentence for people.' }),
  code: z
    .string()
    .meta({ description: 'A word for programs; it stays the same when the sentence is reworded.' }),
});
