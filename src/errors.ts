/** Exit codes of the command, as the README documents them. */
export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  findings: 3,
  locked: 4,
  unreachable: 5,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/**
 * An error that a person can act on: its message names the thing, says what was expected and what to do next.
 * Everything else that is thrown is a defect or a database error that src/db/failure.ts puts into words.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: ExitCode;

  constructor(exit: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exit;
  }
}

/** A wrong flag, setting or environment variable: exit code 2. */
export const usageFailure = (message: string, options?: ErrorOptions): Failure =>
  new Failure(exitCode.usage, message, options);

/** Work that could not be done: exit code 1. */
export const workFailure = (message: string, options?: ErrorOptions): Failure =>
  new Failure(exitCode.failed, message, options);
