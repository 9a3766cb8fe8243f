import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import kleur from 'kleur';
import type { Ora } from 'ora';
import { type ConnectionFlags, isCloudRunJob } from './config.js';
import { type ExitCode, usageFailure } from './errors.js';
import { isDay } from './pipeline/plan.js';
import { cloudLoggingReporter } from './report/cloud-logging.js';
import { jsonReporter } from './report/json.js';
import type { Reporter } from './report/reporter.js';
import { didYouMean } from './report/suggest.js';
import { terminalReporter } from './report/terminal.js';

/** Flags that every command takes. */
export interface CommonFlags extends ConnectionFlags {
  json?: boolean;
  logFormat?: 'text' | 'json';
  progress: boolean;
  debug?: boolean;
}

/** Where text goes: a terminal that says how wide it is, or anything else. */
export interface TextStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Where a command runs: in a process of its own, or called by a test. A command asks nothing else of the process. */
export interface Surroundings {
  /** The variables that are set, over those of a .env file. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly out: TextStream;
  readonly err: TextStream;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** What a command is given besides its flags. */
export interface Invocation extends Surroundings {
  readonly reporter: Reporter;
  /** The command as it was described, and by `parent` all others. */
  readonly command: Command;
}

/** Where a command stands in the help. */
export const commandGroups = [
  'To try it:',
  'To set it up:',
  'To compute:',
  'To look:',
  'To serve:',
  'Help:',
] as const;

/**
 * What a file of src/commands exports as `command`; the file's name is the command's. That is all it takes to be one:
 * src/program.ts finds the files by itself, and loads only the one that is called.
 */
export interface CommandFile {
  readonly group: (typeof commandGroups)[number];
  /** Adds arguments, flags, words and examples to the command. */
  describe(command: Command): Command;
  /**
   * Called with the arguments, the flags and the invocation, in this order. Returns the exit code where it is an answer
   * other than `done`. Throws a failure that says what to do.
   */
  run(...given: never[]): Promise<ExitCode | undefined> | Promise<void> | ExitCode | undefined | void;
  /** Set for a command that lists the others, such as help: all of them are then loaded. */
  readonly tellsOfAll?: boolean;
  /** Whether a signal is its usual end, so that it exits 0 also when the server can no longer be told. */
  readonly endsBySignal?: boolean;
}

/**
 * Refuses a flag that was given but has no effect here: the person who gave it expects one.
 * `flags` are the names in code (dryRun for --dry-run); `why` completes the sentence of the error.
 */
export const refuseFlags = ({ command }: Invocation, flags: readonly string[], why: string): void => {
  const idle = flags.find((flag) => command.getOptionValueSource(flag) === 'cli');
  if (idle === undefined) return;
  const { long } = command.options.find((option) => option.attributeName() === idle) ?? {};
  throw usageFailure(`${long ?? idle} does nothing here: ${why}`);
};

/** The flags that say which database, and as whom. */
export const databaseFlags = ['databaseUrl', 'schema', 'iam'] as const;

/** An argument with a fixed list of words. The help and the completion show them; `chosen` checks the word. */
export const choiceArgument = (name: string, description: string, choices: readonly string[]): Argument =>
  new Argument(name, description).choices(choices).argParser((word: string) => word);

/** The word as one of the choices. Throws a usage failure that lists the choices and suggests the likeliest. */
export const chosen = <Choice extends string>(
  what: string,
  word: string,
  choices: readonly Choice[],
): Choice => {
  const choice = choices.find((one) => one === word);
  if (choice === undefined) {
    throw usageFailure(`${what} ${word}: expected one of ${choices.join(', ')}.${didYouMean(word, choices)}`);
  }
  return choice;
};

/** Adds the flags that every command takes. */
export const withCommonFlags = (command: Command): Command =>
  command
    .option('--database-url <url>', 'the database (default: DATABASE_URL, DB_* or PG* variables)')
    .option('--schema <name>', 'the target schema (default: ARC_GAM_SCHEMA, else gamification)')
    .option('--iam', "log in with the service account's token instead of a password (default: DB_IAM)")
    .option('--json', 'one JSON object a line on stdout')
    .addOption(
      new Option(
        '--log-format <format>',
        'json: lines for Cloud Logging (default: json in a Cloud Run Job, else text)',
      ).choices(['text', 'json']),
    )
    .option('--no-progress', 'no changing line while work is under way')
    .addOption(new Option('--debug', 'show the stack trace of an error'));

/** Whether output is lines for Cloud Logging: with --log-format json, and by default in a Cloud Run Job. */
export const wantsCloudLogging = (
  flags: Pick<CommonFlags, 'json' | 'logFormat'>,
  environment: Surroundings['environment'],
): boolean =>
  flags.logFormat === undefined
    ? flags.json !== true && isCloudRunJob(environment)
    : flags.logFormat === 'json';

/**
 * Opens the reporter that the flags ask for: Cloud Logging, JSON, or text for a person. The changing line needs a
 * terminal. ora is loaded for that line alone, because loading it delays every scheduled run by a tenth of a second.
 */
export const openReporter = async (
  flags: CommonFlags,
  command: string,
  surroundings: Surroundings,
): Promise<Reporter> => {
  const { err, environment } = surroundings;
  if (!flags.progress || !hasLiveLine(err) || flags.json || wantsCloudLogging(flags, environment))
    return plainReporter(flags, command, surroundings);
  const { default: ora } = await import('ora');
  const color = takesColours(err, environment) ? 'cyan' : false;
  return reporterForPeople(ora({ stream: err, discardStdin: false, color }), surroundings);
};

/**
 * Whether a line can be overwritten on this stream: it must be a terminal that knows its width. Some CI systems and
 * serial lines report 0 columns; the spinner would then take its line for infinitely many and try to erase them all.
 */
export const hasLiveLine = (stream: Pick<TextStream, 'isTTY' | 'columns'>): boolean =>
  stream.isTTY === true && (stream.columns ?? 0) > 0;

/** The reporter without the changing line, available at once. */
export const plainReporter = (flags: CommonFlags, command: string, surroundings: Surroundings): Reporter => {
  const { out, environment } = surroundings;
  // A program reads the lines that a command has for people too.
  kleur.enabled = false;
  if (wantsCloudLogging(flags, environment)) return cloudLoggingReporter(command, out);
  if (flags.json) return jsonReporter(out);
  return reporterForPeople(null, surroundings);
};

const reporterForPeople = (spinner: Ora | null, { environment, out, err }: Surroundings): Reporter => {
  kleur.enabled = takesColours(out, environment);
  return terminalReporter({ spinner, out, err, hasErrColours: takesColours(err, environment) });
};

/** A terminal does, and with FORCE_COLOR whatever there is; with NO_COLOR nothing. Only one of two may be a file. */
const takesColours = (
  { isTTY }: TextStream,
  { NO_COLOR, FORCE_COLOR }: Surroundings['environment'],
): boolean => NO_COLOR === undefined && (FORCE_COLOR === undefined ? isTTY === true : FORCE_COLOR !== '0');

/** Parses a flag that is a calendar day. */
export const dayFlag = (text: string): string => {
  if (!isDay(text)) throw new InvalidArgumentError('Expected a calendar day such as 2026-01-31.');
  return text;
};

/** Parses a flag that is a whole number from `least` to `most`: what the database would make of more is no sentence. */
export const wholeFlag =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };

/** Parses a flag that is a number of days: a hundred years at most. */
export const daysFlag = wholeFlag(1, 36_525);

/** Parses a flag that is the seconds to wait for a lock: a week at most. */
export const waitFlag = wholeFlag(0, 604_800);

/** Parses a flag that is a port; 0 is any free one. */
export const portFlag = wholeFlag(0, 65_535);

/** Parses a flag that is a user's id. */
export const userFlag = (text: string): string => {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new InvalidArgumentError("Expected a user's id, a UUID.");
  }
  return text.toLowerCase();
};
