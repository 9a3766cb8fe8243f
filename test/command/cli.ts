import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { openCall } from '../../src/program.js';

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const command = fileURLToPath(new URL('../../bin/arc-gam.js', import.meta.url));
const folder = fileURLToPath(new URL('.', import.meta.url));

/** Variables of this process that would say which database to use must not reach a command under test. */
const clean = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(ARC_GAM_|PG|DB_|DATABASE_URL|INSTANCE_|CLOUD_RUN)/.test(name),
    ),
  );

/** Starts the command as a process of its own, as a user's shell would; `cwd` is a folder without a .env file. */
export const startCli = (args: readonly string[], environment: NodeJS.ProcessEnv = {}, cwd = folder) => {
  const child = spawn(process.execPath, [command, ...args], {
    cwd,
    env: { ...clean(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  /** Resolves when it has written `words`, or has ended without. */
  const says = (words: string): Promise<void> =>
    new Promise((resolve) => {
      const look = () => {
        if (`${stdout}${stderr}`.includes(words)) resolve();
      };
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      child.once('close', () => resolve());
      look();
    });
  return { child, ended, says };
};

/** Runs the command as a process to its end: for what is about the process, such as its folder. */
export const runProcess = (...given: Parameters<typeof startCli>): Promise<CliResult> =>
  startCli(...given).ended;

/**
 * Runs the command to its end within this process: the same call as the command's own process makes, with other
 * surroundings, and without the half second that a process takes to start. `terminals`: which of its streams are none
 * of a file or a pipe. Throws if it leaves a connection open, which would keep its own process from ending.
 */
export const runCli = async (
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  terminals: readonly ('out' | 'err')[] = [],
): Promise<CliResult> => {
  const out = textStream(terminals.includes('out'));
  const err = textStream(terminals.includes('err'));
  const clients = new Set<pg.Client>();
  const call = openCall(args, {
    environment: Object.fromEntries(
      Object.entries({ ...clean(), ...environment }).filter(([, value]) => value !== ''),
    ),
    out: out.stream,
    err: err.stream,
    signal: new AbortController().signal,
  });
  const code = await openClients.run(clients, () => call.run());
  // A busy server may take seconds to see that a connection was closed.
  for (let waited = 0; clients.size > 0 && waited < 1000; waited += 1) await sleep(10);
  if (clients.size > 0) throw new Error(`arc-gam ${args.join(' ')} left ${clients.size} connections open`);
  return { code, signal: null, stdout: out.text(), stderr: err.text() };
};

const textStream = (isTTY: boolean) => {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY }), text: () => Buffer.concat(chunks).toString() };
};

/** The connections that the call under way has opened and not closed; several calls may be under way. */
const openClients = new AsyncLocalStorage<Set<pg.Client>>();
const { connect } = pg.Client.prototype;
pg.Client.prototype.connect = function (this: pg.Client, ...given: Parameters<typeof connect>) {
  const clients = openClients.getStore();
  clients?.add(this);
  this.once('end', () => clients?.delete(this));
  return connect.apply(this, given);
} as typeof connect;

/** The objects that a command wrote with --json. */
export const jsonLines = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
