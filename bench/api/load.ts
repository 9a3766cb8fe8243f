import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import autocannon, { type Request } from 'autocannon';
import { SignJWT } from 'jose';

const command = fileURLToPath(new URL('../../bin/arc-gam.js', import.meta.url));
const secret = 'the secret of a bench, of thirty-two characters or more';
const issuer = 'https://bench.example';
const audience = 'bench';

/** `arc-gam serve` as a process of its own. */
export interface ServeProcess {
  readonly url: string;
  readonly pid: number;
  /** Ends it with SIGTERM and waits. Throws unless it exits with 0. */
  stop(): Promise<void>;
}

/** Starts it on a free port, answering for the moment `now`; its log goes to a file, as it would go to a collector. */
export const startServe = async (
  databaseUrl: string,
  now: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServeProcess> => {
  const folder = mkdtempSync(join(tmpdir(), 'arc-gam-bench-serve-'));
  const logFile = join(folder, 'log');
  const log = openSync(logFile, 'w');
  const child = spawn(process.execPath, [command, 'serve', '--port', '0', '--json'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH ?? '',
      DATABASE_URL: databaseUrl,
      ARC_GAM_NOW: now,
      ARC_GAM_JWT_SECRET: secret,
      ARC_GAM_JWT_ISSUER: issuer,
      ARC_GAM_JWT_AUDIENCE: audience,
      ...environment,
    },
    stdio: ['ignore', log, 'inherit'],
  });
  closeSync(log);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  for (;;) {
    const [line] = readFileSync(logFile, 'utf8').split('\n');
    if (line?.startsWith('{')) {
      const { url } = JSON.parse(line) as { url: string };
      return {
        url,
        pid: child.pid ?? 0,
        stop: async () => {
          child.kill('SIGTERM');
          const code = await ended;
          rmSync(folder, { recursive: true });
          if (code !== 0) throw new Error(`arc-gam serve exited with ${code}.`);
        },
      };
    }
    if (child.exitCode !== null) throw new Error(`arc-gam serve exited with ${child.exitCode}.`);
    await sleep(50);
  }
};

/** A valid token of a user, for an hour. */
export const tokenOf = (userId: string): Promise<string> =>
  new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret));

export interface Viewer {
  readonly userId: string;
  readonly token: string;
}

/** What 50 callers saw. Milliseconds. */
export interface Load {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly perSecond: number;
  readonly answered: number;
  readonly failed: number;
}

/**
 * Each of `connections` asks for one viewer of its own after another, without a pause. They share
 * the viewers out: the requests are written down before the first one is sent, and a list of all of them for each
 * connection would keep this process busy while the first answers wait.
 */
export const load = async (
  url: string,
  pathOf: (userId: string) => string,
  viewers: readonly Viewer[],
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Load> => {
  let client = 0;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    setupClient: (one) => {
      const own = viewers.filter((_, place) => place % connections === client);
      client += 1;
      one.setRequests(own.map((viewer) => requestOf(viewer, pathOf)));
    },
  });
  return {
    p50: result.latency.p50,
    p99: result.latency.p99,
    max: result.latency.max,
    perSecond: Math.round(result.requests.average),
    answered: result.requests.total,
    failed: result.non2xx + result.errors + result.timeouts,
  };
};

const requestOf = ({ userId, token }: Viewer, pathOf: (userId: string) => string): Request => ({
  method: 'GET',
  path: pathOf(userId),
  headers: { authorization: `Bearer ${token}` },
});
