import { choice, demo, readToken, userId, zone } from './address.js';

/**
 * An answer that is none: `status` is undefined where the server could not be reached; waitMs: not to ask again before.
 */
export class Refusal extends Error {
  constructor(message, { status, code, waitMs = 0 } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.waitMs = waitMs;
  }
  /** Whether it may go away by itself. */
  get isPassing() {
    return this.status === undefined || this.status >= 500 || this.status === 429;
  }
}

/** What the page asks: the endpoint and its parameters. */
const questions = {
  weekly: () => ['weekly', { time_window: choice.time_window }],
  quests: () => ['quests', {}],
  radar: () => ['radar', { hours: choice.hours, ...(choice.city === '' ? {} : { city: choice.city }) }],
  // Today and yesterday to their first hour, also where a clock was set back; whatever the switches say.
  lately: () => ['radar', { hours: 50 }],
  health: () => ['health', {}],
};

export const asking = Object.keys(questions);

/** The newest answer to each question: a poll sends its ETag, and nothing comes back where nothing changed. */
const known = new Map();

const patienceMs = 30_000;

/** Asks a question. Resolves to the answer, the very same object as before where nothing changed. Throws a Refusal. */
export const ask = async (question) => {
  const [endpoint, parameters] = questions[question]();
  const query = new URLSearchParams({ user_id: userId, ...parameters });
  if (demo !== null) query.set('demo', demo);
  if (zone.asked !== undefined) query.set('tz', zone.asked);
  const url = `api/community/${endpoint}?${query}`;
  const before = known.get(url);
  const token = readToken();
  let response;
  try {
    response = await fetch(url, {
      // The page keeps its answers itself: personal data is not left in the browser's cache.
      cache: 'no-store',
      signal: AbortSignal.timeout(patienceMs),
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(before?.etag ? { 'if-none-match': before.etag } : {}),
      },
    });
    if (response.status === 304) return before.answer;
    const answer = await response.json();
    if (response.ok) {
      known.set(url, { etag: response.headers.get('etag'), answer });
      return answer;
    }
    throw refusalOf(response, answer);
  } catch (error) {
    if (!(error instanceof Refusal))
      throw new Refusal('The server can’t be reached.', { status: response?.status });
    // Some browsers are in a zone that the server does not know: then its own is taken.
    if (error.code !== 'unknown_zone' && !/\btz\b/.test(error.message)) throw error;
    if (error.status !== 400 || zone.isGiven || !query.has('tz')) throw error;
    zone.asked = undefined;
    return ask(question);
  }
};

const refusalOf = (response, { error, code }) =>
  new Refusal(error ?? 'The server gave no reason.', {
    status: response.status,
    code,
    waitMs: Number(response.headers.get('retry-after') ?? 0) * 1000,
  });
