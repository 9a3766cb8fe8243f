import { numberSetting } from '../config.js';
import { usageFailure } from '../errors.js';

/** How a token proves who asks. */
export interface JwtSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: URL | undefined;
  readonly secret: string | undefined;
}

/** Whom to recommend: docs/api.md#settings. */
export interface RecommendationSettings {
  readonly minMutuals: number;
  readonly maxResults: number;
  readonly weights: { readonly mutuals: number; readonly recency: number; readonly geo: number };
  readonly maxDays: number;
  readonly maxKm: number;
  readonly blocklist: readonly string[];
}

/** Everything that `serve` can be told besides the settings of every command. */
export interface ServeSettings {
  readonly jwt: JwtSettings | undefined;
  readonly serviceToken: string | undefined;
  /** Whether plausible data answers where the rollup tables don't exist. */
  readonly mock: boolean;
  readonly poolSize: number;
  /** Requests that one user may have at work, waiting ones included. */
  readonly requestsPerUser: number;
  /** Origins whose pages may call from a browser. */
  readonly origins: readonly string[];
  /** Requests that may wait for a connection before others are turned away. */
  readonly queueLimit: number;
  /** Milliseconds that a request waits for a connection. */
  readonly queueTimeoutMs: number;
  /** Milliseconds that one statement may take. */
  readonly statementTimeoutMs: number;
  readonly prepare: boolean;
  readonly weeklyGoalTaps: number;
  readonly recommendation: RecommendationSettings;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings of the API. Throws a usage failure that names the variable, what it held and what is expected. */
export const readServeSettings = (environment: Environment): ServeSettings =>
  Object.freeze({
    jwt: jwtSettings(environment),
    serviceToken: sendable(secretOf(environment, 'ARC_GAM_SERVICE_TOKEN', 16)),
    mock: onOff(environment, 'ARC_GAM_MOCK', true),
    poolSize: numberSetting(environment, 'ARC_GAM_API_POOL', 8, { least: 1, most: 200 }),
    requestsPerUser: numberSetting(environment, 'ARC_GAM_API_PER_USER', 10, { least: 1, most: 10_000 }),
    origins: origins(environment.ARC_GAM_API_ORIGINS),
    queueLimit: numberSetting(environment, 'ARC_GAM_API_QUEUE', 200, { least: 0, most: 100_000 }),
    queueTimeoutMs: numberSetting(environment, 'ARC_GAM_API_QUEUE_TIMEOUT_MS', 2_000, {
      least: 1,
      most: 600_000,
    }),
    statementTimeoutMs: numberSetting(environment, 'ARC_GAM_API_STATEMENT_TIMEOUT_MS', 5_000, {
      least: 1,
      most: 600_000,
    }),
    prepare: onOff(environment, 'ARC_GAM_API_PREPARE', true),
    weeklyGoalTaps: numberSetting(environment, 'WEEKLY_GOAL_TAPS', 25, { least: 1, most: 1_000_000 }),
    recommendation: Object.freeze({
      minMutuals: numberSetting(environment, 'REC_MIN_MUTUALS', 2, { least: 1, most: 1_000_000 }),
      maxResults: numberSetting(environment, 'REC_MAX_RESULTS', 3, { least: 1, most: 100 }),
      weights: weights(environment.REC_SCORE_WEIGHTS),
      maxDays: numberSetting(environment, 'REC_MAX_DAYS_FOR_RECENCY', 90, { least: 0, most: 100_000 }),
      maxKm: numberSetting(environment, 'REC_GEO_MAX_KM', 50, { least: 0.001, most: 50_000, whole: false }),
      blocklist: blocklist(environment.REC_BLOCKLIST_IDS),
    }),
  });

const jwtSettings = (environment: Environment): JwtSettings | undefined => {
  const jwks = environment.ARC_GAM_JWT_JWKS_URL;
  const secret = secretOf(environment, 'ARC_GAM_JWT_SECRET', 32);
  const issuer = environment.ARC_GAM_JWT_ISSUER;
  const audience = environment.ARC_GAM_JWT_AUDIENCE;
  if (jwks === undefined && secret === undefined) {
    if (issuer === undefined && audience === undefined) return undefined;
    throw usageFailure(
      'ARC_GAM_JWT_ISSUER or ARC_GAM_JWT_AUDIENCE is set, but nothing to check a signature with. Set ARC_GAM_JWT_JWKS_URL or ARC_GAM_JWT_SECRET.',
    );
  }
  if (jwks !== undefined && secret !== undefined) {
    throw usageFailure('ARC_GAM_JWT_JWKS_URL and ARC_GAM_JWT_SECRET are both set. Keep one of them.');
  }
  if (issuer === undefined || audience === undefined) {
    throw usageFailure(
      'A token is only as good as what it is checked for: set ARC_GAM_JWT_ISSUER and ARC_GAM_JWT_AUDIENCE too.',
    );
  }
  return Object.freeze({ issuer, audience, secret, jwksUrl: jwks === undefined ? undefined : url(jwks) });
};

const url = (text: string): URL => {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = parsed !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(parsed.hostname);
  if (parsed?.protocol === 'https:' || (isLocal && parsed.protocol === 'http:')) return parsed;
  throw usageFailure(`ARC_GAM_JWT_JWKS_URL is '${text}', expected an https:// URL.`);
};

const secretOf = (environment: Environment, variable: string, least: number): string | undefined => {
  const secret = environment[variable];
  if (secret !== undefined && secret.length < least) {
    throw usageFailure(
      `${variable} has ${secret.length} characters, expected ${least} or more. Make one: openssl rand -hex 32`,
    );
  }
  return secret;
};

const sendable = (token: string | undefined): string | undefined => {
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  throw usageFailure(
    'ARC_GAM_SERVICE_TOKEN has blanks, line breaks or letters in it that no header can carry. Make one: openssl rand -hex 32',
  );
};

/** `https://app.example, https://admin.example`: what browsers send as Origin. */
const origins = (text: string | undefined): string[] => {
  const given = (text ?? '')
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '');
  const wrong = given.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (wrong === undefined) return given;
  throw usageFailure(
    `ARC_GAM_API_ORIGINS holds '${wrong}', expected origins separated by commas, such as https://app.example.`,
  );
};

const onOff = (environment: Environment, variable: string, fallback: boolean): boolean => {
  const text = environment[variable]?.toLowerCase();
  if (text === undefined) return fallback;
  if (['on', 'true', '1'].includes(text)) return true;
  if (['off', 'false', '0'].includes(text)) return false;
  throw usageFailure(`${variable} is '${text}', expected on or off.`);
};

/** `0.7,0.2,0.1` in the order mutuals, recency, geo; or a JSON object with these names. */
const weights = (text: string | undefined): RecommendationSettings['weights'] => {
  if (text === undefined) return { mutuals: 0.7, recency: 0.2, geo: 0.1 };
  let given: unknown[];
  try {
    const parsed: unknown = text.trim().startsWith('{')
      ? JSON.parse(text)
      : text.split(',').map((part) => (part.trim() === '' ? undefined : Number(part)));
    const named = parsed as { mutuals?: unknown; recency?: unknown; geo?: unknown };
    given = Array.isArray(parsed) ? parsed : [named.mutuals, named.recency, named.geo];
  } catch {
    given = [];
  }
  const [mutuals, recency, geo] = given;
  if (given.length === 3 && isWeight(mutuals) && isWeight(recency) && isWeight(geo)) {
    return { mutuals, recency, geo };
  }
  throw usageFailure(
    `REC_SCORE_WEIGHTS is '${text}', expected three numbers from 0 to 1 such as 0.7,0.2,0.1 (mutuals, recency, geo).`,
  );
};

const isWeight = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;

const blocklist = (text: string | undefined): string[] => {
  const ids = (text ?? '')
    .split(',')
    .map((id) => id.trim().toLowerCase())
    .filter((id) => id !== '');
  const wrong = ids.find((id) => !uuidPattern.test(id));
  if (wrong === undefined) return ids;
  throw usageFailure(`REC_BLOCKLIST_IDS holds '${wrong}', expected user ids separated by commas.`);
};

/** Any uuid, of whatever version. Without a flag: JSON Schema has none. */
export const uuidPattern = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
