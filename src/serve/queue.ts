import { Problem } from './problem.js';

/** Lets a bounded number of tasks run at once. */
export interface Queue {
  /** Runs `task` when its turn comes. Throws a 503 where too many wait already, or it waited too long. */
  run<Result>(task: () => Promise<Result>): Promise<Result>;
}

export interface QueueLimits {
  readonly running: number;
  readonly waiting: number;
  readonly timeoutMs: number;
}

/** A queue that turns work away instead of growing: under load a quick 503 is worth more than a late answer. */
export const openQueue = ({ running, waiting, timeoutMs }: QueueLimits): Queue => {
  let active = 0;
  const line: (() => void)[] = [];
  const busy = () => new Problem(503, 'The server is busy. Try again in a second.', { retryAfter: 1 });
  const turn = (): Promise<void> => {
    if (active < running) {
      active += 1;
      return Promise.resolve();
    }
    if (line.length >= waiting) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const next = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        line.splice(line.indexOf(next), 1);
        reject(busy());
      }, timeoutMs);
      line.push(next);
    });
  };
  return {
    run: async (task) => {
      await turn();
      try {
        return await task();
      } finally {
        const next = line.shift();
        if (next === undefined) active -= 1;
        else next();
      }
    },
  };
};
