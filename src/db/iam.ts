import { exitCode, Failure } from '../errors.js';

const timeoutMs = 5_000;

/**
 * An access token of the service account that this process runs as, from the metadata server: the password of Cloud
 * SQL's IAM database authentication. It lasts about an hour, so every new connection asks for its own; the server
 * caches it. Throws a failure with exit code 5 that holds nothing of the answer, also when `signal` ends it.
 */
export const accessToken = async (metadataHost: string, signal?: AbortSignal): Promise<string> => {
  const url = `http://${metadataHost}/computeMetadata/v1/instance/service-accounts/default/token`;
  const failure = (what: string, cause?: unknown) =>
    new Failure(
      exitCode.unreachable,
      `No token for IAM authentication: ${what}. --iam works where Google Cloud's metadata server answers (Cloud Run, GKE, Compute Engine) and the job has a service account; elsewhere give a password.`,
      { cause },
    );
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { 'Metadata-Flavor': 'Google' },
      redirect: 'error',
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]),
    });
  } catch (error) {
    throw failure(`the metadata server at ${metadataHost} can't be reached`, error);
  }
  if (!response.ok) throw failure(`the metadata server answered ${response.status}`);
  const answer: unknown = await response.json().catch(() => null);
  const token = answer instanceof Object && 'access_token' in answer ? answer.access_token : null;
  if (typeof token !== 'string' || token === '') throw failure('the metadata server sent no access_token');
  return token;
};
