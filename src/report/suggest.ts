import { distance } from 'fastest-levenshtein';

/** The candidates, the most like `word` first. */
export const nearest = (word: string, candidates: readonly string[]): string[] =>
  candidates
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((one, other) => one.far - other.far || (one.candidate < other.candidate ? -1 : 1))
    .map(({ candidate }) => candidate);

/** ` Did you mean X?` where a candidate is so near that the word is likely a misspelt one; else nothing. */
export const didYouMean = (word: string, candidates: readonly string[]): string => {
  const [best] = nearest(word, candidates);
  if (best === undefined) return '';
  const far = distance(word.toLowerCase(), best.toLowerCase());
  return best !== word && far <= Math.max(1, Math.floor(word.length / 3)) ? ` Did you mean ${best}?` : '';
};
