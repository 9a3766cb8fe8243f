import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon, { type Request } from 'autocannon';
import { SignJWT } from 'jose';
import { command } from '../measure.js';

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

/** What the callers saw. Milliseconds. */
export interface Load {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly perSecond: number;
  readonly answered: number;
  readonly failed: number;
}

/**
 * Whether a load was answered within the target, a p99 in milliseconds. Failed where anything was refused or nothing
 * was answered: a refusal is quick, and of nothing every percentile is 0.
 */
export const judge = ({ p99, answered, failed }: Load, target: number): 'ok' | 'MISSED' | 'FAILED' => {
  if (answered === 0 || failed > 0) return 'FAILED';
  return p99 <= target ? 'ok' : 'MISSED';
};

/**
 * Each of `connections` asks for one viewer of its own after another, without a pause. They share the viewers out: the
 * requests are written down before the first one is sent, and a list of all of them for each connection would keep this
 * process busy while the first answers wait.
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

/**
 * The same with people: between an answer and the next question everyone reads for a while, `pauseMs` on average,
 * spread as the arrivals of strangers are (exponentially), so that they don't come in step. A connection of its own
 * each.
 */
export const pacedLoad = async (
  url: string,
  pathOf: (userId: string) => string,
  viewers: readonly Viewer[],
  { connections, seconds, pauseMs }: { connections: number; seconds: number; pauseMs: number },
): Promise<Load> => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  let failed = 0;
  let turn = 0;
  const started = performance.now();
  const end = started + seconds * 1000;
  const person = async (): Promise<void> => {
    for (;;) {
      await sleep(-Math.log(1 - Math.random()) * pauseMs);
      if (performance.now() > end) return;
      const viewer = viewers[turn++ % viewers.length];
      if (viewer === undefined) return;
      const asked = performance.now();
      if ((await statusOf(agent, url, requestOf(viewer, pathOf))) !== 200) failed += 1;
      times.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: connections }, person));
  const elapsed = (performance.now() - started) / 1000;
  agent.destroy();
  times.sort((one, other) => one - other);
  const at = (share: number) =>
    Math.round(10 * (times[Math.ceil(share * times.length) - 1] ?? Number.NaN)) / 10;
  return {
    p50: at(0.5),
    p99: at(0.99),
    max: at(1),
    perSecond: Math.round(times.length / elapsed),
    answered: times.length,
    failed,
  };
};

/** Asks, reads the whole answer and tells its status; 0 where there was none. */
const statusOf = (agent: Agent, url: string, { path, headers }: Request): Promise<number> =>
  new Promise((resolve) => {
    get(`${url}${path}`, { agent, headers: headers as Record<string, string> }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
    }).once('error', () => resolve(0));
  });

const requestOf = ({ userId, token }: Viewer, pathOf: (userId: string) => string): Request => ({
  method: 'GET',
  path: pathOf(userId),
  headers: { authorization: `Bearer ${token}` },
});
