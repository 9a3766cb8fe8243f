import type { Answer } from './answer.js';
import type { Context } from './context.js';

type Recommendation = Answer<'weekly'>['recommendations'][number];

/** A friend of a friend who could be among the best. */
export interface Candidate {
  readonly user_id: string;
  readonly candidate_key: number;
  readonly name: string;
  readonly mutual_count: number;
  readonly days_since_last_tap: number;
}

interface Scored extends Candidate {
  readonly scores: Recommendation['scores'];
  readonly km: number | undefined;
}

/** At most so many names of mutual connections. */
const mutualNames = 6;

/**
 * Friends of friends with the highest total score, ties in the order of their ids. The parts of the score are within
 * [0, 1] and not weighted yet: mutuals = min(1, count / 10); recency = exp(-days / 30), 0 beyond REC_MAX_DAYS_FOR_RECENCY,
 * days counted to the as-of day; geo = max(0, 1 - km between home cities / REC_GEO_MAX_KM), 0 where one is unknown.
 */
export const readRecommendations = async (
  context: Context,
  candidates: readonly Candidate[],
): Promise<Recommendation[]> => {
  const { reading, viewer, serve } = context;
  const { weights, ...limits } = serve.recommendation;
  if (viewer.key === null || candidates.length === 0) return [];
  const kilometres = await readKilometres(context, candidates);
  const best = candidates
    .map((candidate): Scored => {
      const km = kilometres.get(candidate.user_id);
      const days = candidate.days_since_last_tap;
      const mutuals = Math.min(1, candidate.mutual_count / 10);
      const recency = days > limits.maxDays ? 0 : Math.exp(-days / 30);
      const geo = km === undefined ? 0 : Math.max(0, 1 - km / limits.maxKm);
      const total = weights.mutuals * mutuals + weights.recency * recency + weights.geo * geo;
      return { ...candidate, km, scores: { total: sixDigits(total), mutuals, recency, geo } };
    })
    .sort((one, other) => other.scores.total - one.scores.total || (one.user_id < other.user_id ? -1 : 1))
    .slice(0, limits.maxResults);
  const names = await reading.query<{ candidate_key: number; names: string }>('mutual_name', [
    viewer.key,
    best.map(({ candidate_key }) => candidate_key).join(','),
    mutualNames,
  ]);
  const namesOf = new Map(names.map((row) => [row.candidate_key, JSON.parse(row.names) as string[]]));
  return best.map((candidate) => {
    const mutuals = namesOf.get(candidate.candidate_key) ?? [];
    return {
      user_id: candidate.user_id,
      name: candidate.name,
      scores: candidate.scores,
      mutuals,
      explain: explain(candidate, limits.maxDays, limits.maxKm),
    };
  });
};

/** Sums of binary fractions end in noise: 0.9999999999999999 for 1. */
const sixDigits = (value: number): number => Math.round(value * 1e6) / 1e6;

const readKilometres = async (
  { reading, tables, viewer }: Context,
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<string, number>> => {
  // The city boards say already that the tables are missing.
  if (!tables.has('home_location_struct') || !tables.has('gazetteer_place')) return new Map();
  const rows = await reading.query<{ user_id: string; km: number }>('home_distance', [
    viewer.userId,
    candidates.map(({ user_id }) => user_id).join(','),
  ]);
  return new Map(rows.map(({ user_id, km }) => [user_id, km]));
};

const explain = (candidate: Scored, maxDays: number, maxKm: number): string => {
  const days = candidate.days_since_last_tap;
  const parts = [`${candidate.mutual_count} mutual connection${candidate.mutual_count === 1 ? '' : 's'}`];
  if (days <= maxDays) {
    parts.push(days <= 1 ? 'active recently' : `active ${days} days ago`);
  }
  if (candidate.km !== undefined && candidate.km < maxKm) {
    parts.push(candidate.km < 1 ? 'same home city' : 'home city nearby');
  }
  return parts.join(' · ');
};
