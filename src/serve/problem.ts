/**
 * A refusal with its HTTP status, a sentence that a caller can act on and a word that a program can: `{error, code}`.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  /** Stable: clients compare it. */
  readonly code: string;
  /** Seconds after which it makes sense to try again. */
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    options: ErrorOptions & { retryAfter?: number } = {},
  ) {
    super(message, options);
    this.status = status;
    this.code = code;
    this.retryAfter = options.retryAfter;
  }
}
