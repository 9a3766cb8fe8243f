/** A refusal with its HTTP status and a sentence that a caller can act on; it becomes `{"error": sentence}`. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  /** Seconds after which it makes sense to try again. */
  readonly retryAfter: number | undefined;

  constructor(status: number, message: string, options: ErrorOptions & { retryAfter?: number } = {}) {
    super(message, options);
    this.status = status;
    this.retryAfter = options.retryAfter;
  }
}
