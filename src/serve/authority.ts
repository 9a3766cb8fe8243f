import { createHash, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import {
  createRemoteJWKSet,
  errors,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import { Problem } from './problem.js';
import type { JwtSettings, ServeSettings } from './settings.js';

/** Decides who may ask for whom. */
export interface Authority {
  /** Whether anything proves who asks; without it the server is for this machine only. */
  readonly isConfigured: boolean;
  /**
   * Returns if the bearer may see the user's data. Throws a Problem: 401 unproven, 403 somebody else's, 503 no keys.
   */
  require(authorization: string | undefined, userId: string): Promise<void>;
}

/** HMAC with a shared secret, signatures with published keys: never one algorithm's key for another, never none. */
const secretAlgorithms = ['HS256', 'HS384', 'HS512'];
const keyAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];

/** Checks JWTs (signature, issuer, audience, expiry, subject) and the service token of a trusted backend. */
export const openAuthority = ({ jwt, serviceToken }: ServeSettings): Authority => {
  const verify = jwt === undefined ? undefined : verifier(jwt);
  // A secret is read once; a published key can be withdrawn.
  const proofLifeMs = jwt?.jwksUrl === undefined ? Number.POSITIVE_INFINITY : publishedProofLifeMs;
  const subjectOf = verify === undefined ? undefined : remembered(verify, proofLifeMs);
  return {
    isConfigured: verify !== undefined || serviceToken !== undefined,
    require: async (authorization, userId) => {
      if (verify === undefined && serviceToken === undefined) return;
      const token = /^Bearer ([^\s]+)$/i.exec(authorization ?? '')?.[1];
      if (token === undefined) {
        throw new Problem(401, 'token_required', 'A token is required: send Authorization: Bearer <token>.');
      }
      if (serviceToken !== undefined && isSame(token, serviceToken)) return;
      if (subjectOf === undefined) throw new Problem(401, 'token_not_valid', 'The token is not valid.');
      if ((await subjectOf(token)).toLowerCase() !== userId) {
        throw new Problem(403, 'other_user', 'The token is not about this user_id.');
      }
    },
  };
};

/** What a valid token says. */
interface Proof {
  readonly subject: string;
  readonly expiresAtMs: number;
}

/** A published key that is withdrawn counts for so much longer. */
const publishedProofLifeMs = 30_000;
const mostProofs = 10_000;

/**
 * Remembers valid tokens for as long as their life or `lifeMs`, whichever is shorter: a page asks five questions at
 * once with one token, again and again, and a signature costs as much as a small answer.
 */
const remembered = (
  verify: (token: string) => Promise<Proof>,
  lifeMs: number,
): ((token: string) => Promise<string>) => {
  const kept = new Map<string, { readonly subject: string; readonly untilMs: number }>();
  return async (token) => {
    const earlier = kept.get(token);
    if (earlier !== undefined && Date.now() < earlier.untilMs) return earlier.subject;
    const { subject, expiresAtMs } = await verify(token);
    if (kept.size >= mostProofs) kept.clear();
    kept.set(token, { subject, untilMs: Math.min(expiresAtMs, Date.now() + lifeMs) });
    return subject;
  };
};

const verifier = ({ issuer, audience, jwksUrl, secret }: JwtSettings) => {
  // A key object is made once; from bytes a new one would be made for each token.
  const key: KeyObject | JWTVerifyGetKey =
    jwksUrl === undefined ? createSecretKey(secret ?? '', 'utf8') : createRemoteJWKSet(jwksUrl);
  const algorithms = jwksUrl === undefined ? secretAlgorithms : keyAlgorithms;
  const options = { issuer, audience, algorithms, requiredClaims: ['sub', 'exp'], clockTolerance: 5 };
  return async (token: string): Promise<Proof> => {
    try {
      const { payload } = await (typeof key === 'function'
        ? jwtVerify(token, key, options).catch((error: unknown) => verifyByAny(token, error, options))
        : jwtVerify(token, key, options));
      // The library checks that there is a subject, not what it is.
      const subject: unknown = payload.sub;
      if (typeof subject !== 'string') throw new errors.JWTInvalid('sub is not a string');
      return { subject, expiresAtMs: (payload.exp ?? 0) * 1_000 };
    } catch (cause) {
      if (cause instanceof errors.JWTExpired)
        throw new Problem(401, 'token_expired', 'The token has expired.', { cause });
      // With a secret nothing has to be fetched, so any error is the token's fault.
      const isAboutToken =
        typeof key !== 'function' ||
        (cause instanceof errors.JOSEError &&
          !(cause instanceof errors.JWKSTimeout) &&
          !(cause instanceof errors.JWKSInvalid) &&
          cause.code !== 'ERR_JOSE_GENERIC');
      if (isAboutToken) throw new Problem(401, 'token_not_valid', 'The token is not valid.', { cause });
      throw new Problem(
        503,
        'no_keys',
        "The keys that tokens are checked with can't be fetched. Try again later.",
        { cause, retryAfter: 5 },
      );
    }
  };
};

/**
 * Where a token does not name its key and several are published, as while they are rotated: by the one that fits.
 * Throws any other error as it is.
 */
const verifyByAny = async (
  token: string,
  error: unknown,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> => {
  if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
  for await (const key of error) {
    try {
      return await jwtVerify(token, key, options);
    } catch (cause) {
      if (!(cause instanceof errors.JWSSignatureVerificationFailed)) throw cause;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
};

/** Compares digests: equal lengths, so that the time says nothing about the token. */
const isSame = (one: string, other: string): boolean => {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
};
