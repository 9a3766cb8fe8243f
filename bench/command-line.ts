import { refuse } from '../scripts/flags.js';
import { sizes } from './world.js';

/** The size that --size names; there is none of another name. */
export const sizeNamed = (given: string): keyof typeof sizes => {
  const name = Object.keys(sizes).find((known) => known === given) as keyof typeof sizes | undefined;
  return name ?? refuse(`--size is one of ${Object.keys(sizes).join(', ')}, not '${given}'.`);
};

/** Tells whoever waits how far a bench is, with the time; what it found goes to stdout. */
export const say = (text: string): void => {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
};
