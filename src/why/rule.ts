import { pathToFileURL } from 'node:url';
import { packagePath } from '../files.js';
import type { WhyKind } from './answer.js';

/** The topics of the Community page that a number belongs to. */
const topics: Readonly<Record<WhyKind, readonly string[]>> = {
  streak: ['streak'],
  edge: ['health'],
  day: [],
  week: ['new_connections', 'second_degree'],
  rank: ['leaderboard'],
  quest: ['quests'],
};

/** How a kind of number is counted, in the same sentences as on the Community page. */
export const ruleOf = async (kind: WhyKind): Promise<string[]> => {
  const sentences = await readSentences();
  return topics[kind].flatMap((topic) => sentences[topic] ?? []);
};

/** What the sentences depend on. */
interface Rules {
  /** Connections in common that a recommendation needs, 1 or more. */
  readonly atLeast?: number;
}

/** The sentence of each topic, from the page's own file. */
export const readSentences = async (rules: Rules = {}): Promise<Readonly<Record<string, string>>> => {
  const { sentencesOf } = (await import(pathToFileURL(packagePath('page/why.js')).href)) as {
    sentencesOf: (rules: Rules) => Readonly<Record<string, string>>;
  };
  return sentencesOf(rules);
};
