import { readFileSync } from 'node:fs';
import { parse as parseDotenv } from 'dotenv';
import { type Failure, usageFailure } from './errors.js';
import { besideEnvironment, type DatabaseTarget, databaseTarget } from './target.js';

/** Columns of the application's taps and users, each the name of a column or an SQL expression over its table. */
export interface SourceMapping {
  readonly tapsTable: string;
  readonly tapsId: string;
  readonly tapsId1: string;
  readonly tapsId2: string;
  readonly tapsTime: string;
  readonly tapsLatitude: string;
  readonly tapsLongitude: string;
  readonly usersTable: string;
  readonly usersId: string;
  readonly usersName: string;
  readonly usersHome: string;
  /** True for a user whom no list shows to others. */
  readonly usersOptOut: string;
}

/** Everything a command can be told, validated. */
export interface Settings {
  readonly target: DatabaseTarget;
  readonly schema: string;
  /** IANA zone from the environment; undefined: the one recorded with the data, else UTC. */
  readonly zone: string | undefined;
  /** What the environment says of the application's tables and columns. See mappingOf. */
  readonly source: Partial<SourceMapping>;
  /** Milliseconds that a statement waits for a lock. */
  readonly lockTimeoutMs: number;
  /** Milliseconds that one statement may take; 0: no limit. */
  readonly statementTimeoutMs: number;
  /** Valid taps after which a batch is cut when --batch-days is not given. */
  readonly batchTaps: number;
}

export interface ConnectionFlags {
  databaseUrl?: string;
  schema?: string;
  iam?: boolean;
}

const sourceDefaults: Record<keyof SourceMapping, readonly [variable: string, fallback: string]> = {
  tapsTable: ['ARC_GAM_TAPS_TABLE', 'public.taps'],
  tapsId: ['ARC_GAM_TAPS_ID', 'id'],
  tapsId1: ['ARC_GAM_TAPS_ID1', 'id1'],
  tapsId2: ['ARC_GAM_TAPS_ID2', 'id2'],
  tapsTime: ['ARC_GAM_TAPS_TIME', 'time'],
  tapsLatitude: ['ARC_GAM_TAPS_LATITUDE', 'latitude'],
  tapsLongitude: ['ARC_GAM_TAPS_LONGITUDE', 'longitude'],
  usersTable: ['ARC_GAM_USERS_TABLE', 'public.users'],
  usersId: ['ARC_GAM_USERS_ID', 'id'],
  usersName: ['ARC_GAM_USERS_NAME', 'name'],
  usersHome: ['ARC_GAM_USERS_HOME', 'home'],
  usersOptOut: ['ARC_GAM_USERS_OPT_OUT', '(false)'],
};

const defaultMapping = Object.fromEntries(
  Object.entries(sourceDefaults).map(([key, [, fallback]]) => [key, fallback]),
) as unknown as SourceMapping;

/** The environment variable that maps a column of the source, for messages. */
export const sourceVariable = (key: keyof SourceMapping): string => sourceDefaults[key][0];

/**
 * The mapping that counts: what is given, else what `migrate` made the views with, else the defaults. So a variable
 * that is missing where `migrate` runs next, in another job or after an upgrade, changes no figure.
 */
export const mappingOf = (
  given: Partial<SourceMapping>,
  recorded: Partial<SourceMapping> = {},
): SourceMapping => ({ ...defaultMapping, ...recorded, ...given });

/** Variables that are not given and have another value than their default, as `NAME=value`. */
export const mappingKept = (given: Partial<SourceMapping>, mapping: SourceMapping): string[] =>
  (Object.keys(mapping) as (keyof SourceMapping)[])
    .filter((key) => given[key] === undefined && mapping[key] !== defaultMapping[key])
    .map((key) => `${sourceVariable(key)}=${mapping[key]}`);

/** Variables that map the source otherwise than `recorded` does. One that is not set says nothing. */
export const mappedAnew = (given: Partial<SourceMapping>, recorded: Partial<SourceMapping>): string[] => {
  const held = mappingOf({}, recorded);
  return (Object.keys(given) as (keyof SourceMapping)[])
    .filter((key) => given[key] !== held[key])
    .map(sourceVariable);
};

/**
 * Reads the process's environment over a .env file in the working folder: the only place that does.
 * A variable that is set in the environment wins, an empty one counts as not set. With a file that can't be read,
 * `failure` says so: thrown by whoever can report it.
 */
export const readEnvironment = (): {
  environment: Record<string, string | undefined>;
  failure: Failure | null;
} => {
  const { file, failure } = readSettingsFile();
  const set = Object.entries({ ...besideEnvironment(file, process.env), ...process.env });
  return { environment: Object.fromEntries(set.filter(([, value]) => value !== '')), failure };
};

const readSettingsFile = (): { file: Record<string, string>; failure: Failure | null } => {
  try {
    return { file: parseDotenv(readFileSync('.env')), failure: null };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { file: {}, failure: null };
    const why = code === 'EISDIR' ? 'it is a folder' : String(code);
    const failure = usageFailure(
      `The file .env of the working folder can't be read (${why}). Let this user read it, or run arc-gam in another folder.`,
      { cause },
    );
    return { file: {}, failure };
  }
};

/** Whether this process is a task of a Cloud Run Job. */
export const isCloudRunJob = (environment: Readonly<Record<string, string | undefined>>): boolean =>
  environment.CLOUD_RUN_JOB !== undefined || environment.CLOUD_RUN_EXECUTION !== undefined;

/** Which of a Cloud Run Job's parallel tasks this process is: 0 for the first, and everywhere else. */
export const cloudRunTaskIndex = (environment: Readonly<Record<string, string | undefined>>): number =>
  Number(environment.CLOUD_RUN_TASK_INDEX ?? 0);

/**
 * Settings of a command: flag, then environment, then default.
 * Throws a usage failure that names the variable, what it held and what is expected.
 */
export const readSettings = (flags: ConnectionFlags, environment: NodeJS.ProcessEnv): Settings => {
  const schema = flags.schema ?? environment.ARC_GAM_SCHEMA ?? 'gamification';
  if (!/^[a-z_][a-z0-9_]{0,62}$/i.test(schema) || /^(pg_|information_schema$)/i.test(schema)) {
    throw usageFailure(
      `${flags.schema === undefined ? 'ARC_GAM_SCHEMA' : '--schema'} is '${schema}', which is not a plain schema name, or is one of Postgres' own. Use letters, digits and underscores, for example 'gamification'.`,
    );
  }
  const source: Partial<SourceMapping> = Object.fromEntries(
    Object.entries(sourceDefaults).flatMap(([key, [variable]]) => {
      const value = environment[variable]?.trim();
      return value === undefined ? [] : [[key, value]];
    }),
  );
  return Object.freeze({
    target: databaseTarget(flags.databaseUrl, flags.iam ? { ...environment, DB_IAM: 'true' } : environment),
    schema,
    zone: zoneSetting(environment.ARC_GAM_TZ),
    source: Object.freeze(source),
    lockTimeoutMs: numberSetting(environment, 'ARC_GAM_LOCK_TIMEOUT_MS', 5_000),
    statementTimeoutMs: numberSetting(environment, 'ARC_GAM_STATEMENT_TIMEOUT_MS', 3_600_000),
    batchTaps: numberSetting(environment, 'ARC_GAM_BATCH_TAPS', 10_000_000, { least: 1 }),
  });
};

/**
 * To Intl zones of places, to Postgres abbreviations of a fixed offset (its CET has no summer, its BST is London's), or
 * nothing at all.
 */
const ambiguousZones =
  /^(ACT|AET|AGT|ART|AST|BET|BST|CAT|CET|CNT|CST|CTT|EAT|ECT|EET|IET|IST|JST|MET|MIT|NET|NST|PLT|PNT|PRT|PST|SST|VST|WET)$/i;

/** Whether it is the name of an IANA time zone that Postgres means the same by. */
export const isZone = (text: string): boolean => {
  // Postgres reads the sign of a POSIX zone such as UTC+3 the other way round: only names are taken.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(text) || ambiguousZones.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
};

const zoneSetting = (zone: string | undefined): string | undefined => {
  if (zone === undefined || isZone(zone)) return zone;
  throw usageFailure(
    `ARC_GAM_TZ is '${zone}', which is not an IANA time zone. Set a name such as 'UTC' or 'America/New_York'.`,
  );
};

/** A number of the environment. Throws a usage failure that names the variable, what it held and what is expected. */
export const numberSetting = (
  environment: Readonly<Record<string, string | undefined>>,
  variable: string,
  fallback: number,
  { least = 0, most = 2_147_483_647, whole = true }: { least?: number; most?: number; whole?: boolean } = {},
): number => {
  const text = environment[variable];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
    throw usageFailure(
      `${variable} is '${text}', expected a ${whole ? 'whole ' : ''}number from ${least} to ${most}. Unset it for ${fallback}.`,
    );
  }
  return value;
};
