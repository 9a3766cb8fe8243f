import type { Answer, Body } from './answer.js';
import type { Context } from './context.js';

type Connection = Answer<'health'>['connections'][number];
type Summary = Answer<'health'>['summary'];

interface TieRow extends Record<string, unknown>, Summary {
  readonly other_user_id: string | null;
  readonly name: string;
  readonly strength_f32: number;
  readonly strength: number;
  readonly taps_7d: number;
  readonly taps_30d: number;
  readonly taps_90d: number;
  readonly days_since_last_tap: number;
}

const strongest = 15;

/** Relationship Health: how the viewer's ties are as of the as-of day, and which of them fade. */
export const answerHealth = async ({ reading, watermark, viewer }: Context): Promise<Body<'health'>> => {
  const asOf = watermark.as_of_day;
  if (viewer.key === null || asOf === null) {
    return {
      as_of: asOf,
      summary: { avg_strength: 0, excellent: 0, good: 0, fair: 0, needs_attention: 0 },
      connections: [],
      fading: [],
    };
  }
  const [rows, fading] = await Promise.all([
    reading.query<TieRow>('tie', [viewer.userId, viewer.key, asOf, strongest]),
    reading.query<Answer<'health'>['fading'][number]>('fading', [viewer.key, asOf]),
  ]);
  const [first] = rows;
  if (first === undefined) throw new Error('sql/api/tie.sql gave no row');
  const { avg_strength, excellent, good, fair, needs_attention } = first;
  return {
    as_of: asOf,
    summary: { avg_strength, excellent, good, fair, needs_attention },
    connections: rows.flatMap((row) =>
      row.other_user_id === null ? [] : [toConnection(row, row.other_user_id)],
    ),
    fading,
  };
};

const toConnection = (row: TieRow, other: string): Connection => ({
  other_user_id: other,
  name: row.name,
  strength_f32: row.strength_f32,
  strength: row.strength,
  taps_7d: row.taps_7d,
  taps_30d: row.taps_30d,
  taps_90d: row.taps_90d,
  days_since_last_tap: row.days_since_last_tap,
  health: healthOf(row.strength),
});

/** excellent from 0.8, good from 0.6, fair from 0.4; the same bounds as in sql/api/tie.sql. */
const healthOf = (strength: number): Connection['health'] =>
  strength >= 0.8 ? 'excellent' : strength >= 0.6 ? 'good' : strength >= 0.4 ? 'fair' : 'needs_attention';
