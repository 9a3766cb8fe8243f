import type { Answer } from './answer.js';
import type { Context } from './context.js';
import type { Candidate } from './recommendations.js';

type NewUser = Answer<'weekly'>['recap']['second_degree_new'][number];

/** How many friends of friends the recap names, the latest first; the number of the week is exact. */
const namedLimit = 100;

/** A row of sql/api/second_degree.sql. */
interface Row extends Record<string, unknown> {
  readonly is_new: boolean;
  readonly user_id: string;
  readonly name: string;
  readonly connected_via: string | null;
  readonly candidate_key: number | null;
  readonly mutual_count: number | null;
  readonly days_since_last_tap: number | null;
}

/** What one walk over the friends of friends finds: who is new among them since `start`, and whom to recommend. */
export const readSecondDegree = async (
  { reading, watermark, viewer, serve }: Context,
  start: string,
): Promise<{ fresh: NewUser[]; candidates: Candidate[] }> => {
  const { weights, ...limits } = serve.recommendation;
  if (viewer.key === null || watermark.as_of_day === null) return { fresh: [], candidates: [] };
  const rows = await reading.query<Row>('second_degree', [
    viewer.key,
    start,
    namedLimit,
    watermark.as_of_day,
    limits.minMutuals,
    weights.mutuals,
    limits.maxResults,
    weights.recency,
    limits.maxDays,
    weights.geo,
    limits.blocklist.join(','),
  ]);
  const fresh: NewUser[] = [];
  const candidates: Candidate[] = [];
  for (const { is_new, user_id, name, connected_via, ...row } of rows) {
    if (is_new) fresh.push({ user_id, name, connected_via });
    else {
      candidates.push({
        user_id,
        name,
        candidate_key: row.candidate_key ?? 0,
        mutual_count: row.mutual_count ?? 0,
        days_since_last_tap: row.days_since_last_tap ?? 0,
      });
    }
  }
  return { fresh, candidates };
};
