import { Problem } from './problem.js';

/** Lets a bounded number of tasks run at once. */
export interface Queue {
  /**
   * Runs `task` when its turn comes. Throws a 503 where too many wait already or it waited too long, also as `signal`
   * knows, and a 499 where that says that nobody wants the answer any more. Then the task never runs.
   */
  run<Result>(task: () => Promise<Result>, signal?: AbortSignal): Promise<Result>;
}

export interface QueueLimits {
  readonly running: number;
  readonly waiting: number;
  readonly timeoutMs: number;
}

/** The caller hung up before the answer. Nobody reads it; it is for the log. */
export const hungUp = (): Problem => new Problem(499, 'hung_up', 'The caller hung up.');

export const isHangUp = (error: unknown): boolean => error instanceof Problem && error.code === 'hung_up';

/** A queue that turns work away instead of growing: under load a quick 503 is worth more than a late answer. */
export const openQueue = ({ running, waiting, timeoutMs }: QueueLimits): Queue => {
  let active = 0;
  const line: (() => void)[] = [];
  const busy = () =>
    new Problem(503, 'busy', 'The server is busy. Try again in a second.', { retryAfter: 1 });
  const givenUp = (signal: AbortSignal | undefined) => (isHangUp(signal?.reason) ? hungUp() : busy());
  const turn = (signal: AbortSignal | undefined): Promise<void> => {
    if (signal?.aborted) return Promise.reject(givenUp(signal));
    if (active < running) {
      active += 1;
      return Promise.resolve();
    }
    if (line.length >= waiting) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', leave);
      };
      const next = () => {
        settle();
        resolve();
      };
      const turnAway = (why: Problem) => {
        settle();
        line.splice(line.indexOf(next), 1);
        reject(why);
      };
      const leave = () => turnAway(givenUp(signal));
      const timer = setTimeout(() => turnAway(busy()), timeoutMs);
      signal?.addEventListener('abort', leave, { once: true });
      line.push(next);
    });
  };
  return {
    run: async (task, signal) => {
      await turn(signal);
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

/** Lets nobody have more than a few requests at work. */
export interface Shares {
  /** Runs `task`. Throws a 429 where as many requests of `owner` are at work as one may have. */
  run<Result>(owner: string, task: () => Promise<Result>): Promise<Result>;
}

/** Shares of `most` requests at a time for each owner. */
export const openShares = (most: number): Shares => {
  const atWork = new Map<string, number>();
  return {
    run: async (owner, task) => {
      const count = atWork.get(owner) ?? 0;
      if (count >= most) {
        throw new Problem(
          429,
          'too_many_requests',
          `${count} requests of this user are at work. Wait for one of them to be answered.`,
          { retryAfter: 1 },
        );
      }
      atWork.set(owner, count + 1);
      try {
        return await task();
      } finally {
        const left = (atWork.get(owner) ?? 1) - 1;
        if (left === 0) atWork.delete(owner);
        else atWork.set(owner, left);
      }
    },
  };
};
