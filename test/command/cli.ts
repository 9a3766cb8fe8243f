import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const command = fileURLToPath(new URL('../../bin/arc-gam.js', import.meta.url));
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
  return { child, ended };
};

/** Runs the command to its end. */
export const runCli = (
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  cwd = folder,
): Promise<CliResult> => startCli(args, environment, cwd).ended;

/** The objects that a command wrote with --json. */
export const jsonLines = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
