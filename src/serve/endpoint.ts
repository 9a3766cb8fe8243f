import type { z } from 'zod';
import type { CommonQuestion } from './question.js';
import type { Context } from './reading/context.js';
import type { Reading } from './reading/store.js';

/** An answer without the parts that all endpoints have in common. */
export type Body<Answer extends z.ZodType> = Omit<z.output<Answer>, 'meta' | 'source' | 'user_id'>;

/** All of an endpoint: adding one is a file in src/serve/endpoints and a line in its index. */
export interface Endpoint<
  Question extends z.ZodObject = z.ZodObject,
  Answer extends z.ZodObject = z.ZodObject,
> {
  /** Answered at /api/community/<name>. */
  readonly name: string;
  /** What it is, in a few words, for the OpenAPI document. */
  readonly summary: string;
  /** Parameters: they validate, and they are the documentation. */
  readonly question: Question;
  /** The answer is serialized by this schema, so nothing else can leave the server. */
  readonly answer: Answer;
  /** Relations of the schema without which there is nothing to say, besides those of every endpoint. */
  readonly relations: readonly string[];
  /** Topics of page/why.js: how what it answers is counted, said in meta.why. */
  readonly why: readonly string[];
  /**
   * How long an answer stays the same while nothing is committed: to the minute where the source is read live, to the
   * hour where only names are.
   */
  readonly changesEach: 'minute' | 'hour';
  /** A digest of what an answer depends on besides the figures, the question, the settings and the opt-outs. */
  readonly revision?: (reading: Reading) => Promise<string>;
  readonly read: (context: Context, question: z.output<Question> & CommonQuestion) => Promise<Body<Answer>>;
  /** A made-up answer of the same shape, the same for the same question on the same day. */
  readonly mock: (
    question: z.output<Question> & CommonQuestion,
    now: Date,
    describe: Context['describe'],
  ) => Body<Answer>;
}

/** Checks the types of an endpoint's parts against each other, and then hides them. */
export const defineEndpoint = <Question extends z.ZodObject, Answer extends z.ZodObject>(
  endpoint: Endpoint<Question, Answer>,
): Endpoint => endpoint as unknown as Endpoint;
