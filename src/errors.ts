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

/** What each exit code means, and whether it helps to run the same command again. */
export const exitMeaning: Readonly<Record<ExitCode, { readonly means: string; readonly again: string }>> = {
  0: { means: 'Done, also when there was nothing to do.', again: 'not needed' },
  1: {
    means: 'Failed, or stopped by a signal. The batch under way was rolled back, what was committed stays.',
    again: 'goes on where it stopped',
  },
  2: { means: 'A flag, a setting, a name or a password is wrong.', again: 'no, not before it is corrected' },
  3: {
    means: 'verify or why found differences, status something that wants attention.',
    again: 'no: arc-gam status says what to run',
  },
  4: { means: 'Another run holds the lock; harmless.', again: 'yes, or wait for it with --wait SECONDS' },
  5: {
    means: "The database can't be reached, or only takes reads, for now.",
    again: 'yes, or wait for it with ARC_GAM_DATABASE_WAIT_SECONDS',
  },
};

/**
 * An error that a person can act on: its message names the thing, says what was expected and what to do next. Any other
 * error is a defect, or a database error for which src/db/failure.ts finds the words.
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
