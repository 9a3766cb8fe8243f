import { z } from 'zod';
import { addDays } from '../../pipeline/plan.js';
import { defineEndpoint } from '../endpoint.js';
import { dayOf, other } from '../made-up.js';
import { common } from '../question.js';
import { count, day, meta, nullable, source, userId } from '../shape.js';

const strongestTies = 15;
const attentionTies = 5;

const someone = { other_user_id: userId, name: z.string() };
const connection = z.object({
  ...someone,
  strength_f32: z.number(),
  strength: z.number(),
  taps_7d: count,
  taps_30d: count,
  taps_90d: count,
  days_since_last_tap: count,
  last_tap_day: day,
  health: z.enum(['excellent', 'good', 'fair', 'needs_attention']),
});
const quiet = { ...someone, usual_gap_days: z.number(), days_since_last_tap: count, last_tap_day: day };

const answer = z.object({
  source,
  user_id: userId,
  as_of: nullable(day),
  summary: z
    .object({
      avg_strength: z.number(),
      excellent: count,
      good: count,
      fair: count,
      needs_attention: count,
    })
    .meta({ description: 'Over all ties of the last 90 days.' }),
  connections: z.array(connection).meta({ description: `The ${strongestTies} strongest.` }),
  attention: z
    .array(connection)
    .meta({ description: 'The strongest of the ties that need attention and neither fade nor cool.' }),
  fading: z.array(z.object(quiet)).meta({
    description:
      'Ties of at least 3 active days, silent for longer than 14 days and 2.5 times their median gap.',
  }),
  cooling: z
    .array(z.object({ ...quiet, days_left: count }))
    .meta({ description: 'Ties that will fade within 7 days; days_left 0: tomorrow.' }),
  meta,
});

type Answer = z.output<typeof answer>;

/** The row of sql/api/health.sql: a JSON text each. */
type Row = Record<'summary' | 'connections' | 'attention' | 'fading' | 'cooling', string>;

/**
 * Relationship Health: how the viewer's ties are as of the as-of day, and which of them fade.
 * See docs/api.md#relationship-health.
 */
export const health = defineEndpoint({
  name: 'health',
  summary: 'Relationship Health: strongest, cooling and fading ties',
  question: z.object(common),
  answer,
  relations: ['pair', 'pair_day', 'edge_strength'],
  why: ['health', 'fading'],
  changesEach: 'hour',
  read: async ({ reading, watermark, viewer }) => {
    const asOf = watermark.as_of_day;
    if (viewer.key === null || asOf === null) {
      return {
        as_of: asOf,
        summary: { avg_strength: 0, excellent: 0, good: 0, fair: 0, needs_attention: 0 },
        connections: [],
        attention: [],
        fading: [],
        cooling: [],
      };
    }
    const [row] = await reading.query<Row>('health', [
      viewer.userId,
      viewer.key,
      asOf,
      strongestTies,
      attentionTies,
    ]);
    if (row === undefined) throw new Error('sql/api/health.sql gave no row');
    return {
      as_of: asOf,
      summary: JSON.parse(row.summary) as Answer['summary'],
      connections: JSON.parse(row.connections) as Answer['connections'],
      attention: JSON.parse(row.attention) as Answer['attention'],
      fading: JSON.parse(row.fading) as Answer['fading'],
      cooling: JSON.parse(row.cooling) as Answer['cooling'],
    };
  },
  mock: (_question, now) => {
    const asOf = addDays(dayOf(now), -1);
    const silent = (days: number) => ({ days_since_last_tap: days, last_tap_day: addDays(asOf, -days) });
    const tie = (index: number, strength: number, called: Answer['connections'][number]['health']) => ({
      ...other(index),
      strength_f32: strength * 1.983,
      strength,
      taps_7d: Math.max(0, 4 - index),
      taps_30d: 9 - index,
      taps_90d: 20 - 2 * index,
      ...silent(index * 4),
      health: called,
    });
    const weak = [tie(4, 0.22, 'needs_attention'), tie(5, 0.12, 'needs_attention')];
    return {
      as_of: asOf,
      summary: { avg_strength: 0.55, excellent: 1, good: 1, fair: 2, needs_attention: 2 },
      connections: [
        tie(0, 0.91, 'excellent'),
        tie(1, 0.67, 'good'),
        tie(2, 0.52, 'fair'),
        tie(3, 0.41, 'fair'),
        ...weak,
      ],
      attention: weak,
      fading: [{ ...other(5), usual_gap_days: 6, ...silent(19) }],
      cooling: [
        { ...other(3), usual_gap_days: 5, ...silent(12), days_left: 2 },
        { ...other(4), usual_gap_days: 7, ...silent(13), days_left: 4 },
      ],
    };
  },
});
