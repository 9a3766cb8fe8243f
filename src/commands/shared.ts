import { type Command, InvalidArgumentError, Option } from 'commander';
import kleur from 'kleur';
import type { Ora } from 'ora';
import { type ConnectionFlags, isCloudRunJob, readEnvironment } from '../config.js';
import { isDay } from '../pipeline/plan.js';
import { cloudLoggingReporter } from '../report/cloud-logging.js';
import { jsonReporter } from '../report/json.js';
import type { Reporter } from '../report/reporter.js';
import { terminalReporter } from '../report/terminal.js';

/** Flags that every command takes. */
export interface CommonFlags extends ConnectionFlags {
  json?: boolean;
  logFormat?: 'text' | 'json';
  progress: boolean;
  debug?: boolean;
}

/** What a command is given besides its flags. */
export interface Invocation {
  readonly reporter: Reporter;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

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

/** Whether lines for Cloud Logging are wanted: asked for, or by default where a Cloud Run Job runs. */
export const wantsCloudLogging = (flags: Pick<CommonFlags, 'json' | 'logFormat'>): boolean =>
  flags.logFormat === undefined ? flags.json !== true && isCloudRunJob() : flags.logFormat === 'json';

/**
 * How results are shown: lines for Cloud Logging, JSON, or for a person; the live line only on a terminal. ora is loaded
 * only for that line: it would make every run from a scheduler start a tenth of a second later.
 */
export const openReporter = async (flags: CommonFlags, command: string): Promise<Reporter> => {
  const progress = flags.progress && process.stderr.isTTY === true;
  if (!progress || flags.json || wantsCloudLogging(flags)) return plainReporter(flags, command);
  const { default: ora } = await import('ora');
  return reporterForPeople(ora({ stream: process.stderr, discardStdin: false }));
};

/** The same without a live line, and without having to wait for it. */
export const plainReporter = (flags: CommonFlags, command: string): Reporter => {
  if (wantsCloudLogging(flags)) return cloudLoggingReporter(command, process.stdout);
  if (flags.json) return jsonReporter(process.stdout);
  return reporterForPeople(null);
};

const reporterForPeople = (spinner: Ora | null): Reporter => {
  kleur.enabled = readEnvironment().NO_COLOR === undefined && process.stdout.isTTY === true;
  return terminalReporter({ spinner, out: process.stdout, err: process.stderr });
};

/** Parses a flag that is a calendar day. */
export const dayFlag = (text: string): string => {
  if (!isDay(text)) throw new InvalidArgumentError('Expected a calendar day such as 2026-01-31.');
  return text;
};

/** Parses a flag that is a whole number from `least` on. */
export const wholeFlag =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least || !/^\d+$/.test(text)) {
      throw new InvalidArgumentError(`Expected a whole number from ${least}.`);
    }
    return value;
  };

/** Parses a flag that is a user's id. */
export const userFlag = (text: string): string => {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new InvalidArgumentError("Expected a user's id, a UUID.");
  }
  return text.toLowerCase();
};
