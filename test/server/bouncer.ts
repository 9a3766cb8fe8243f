import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './port.js';

const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find((path) =>
  existsSync(path),
);

/** Whether PgBouncer is installed. */
export const hasBouncer = program !== undefined;

/** A PgBouncer in transaction mode before a server. */
export interface Bouncer {
  /** The way through it to a database of the server. */
  through(url: string): string;
  stop(): void;
}

/** Starts one, for every database of the server that `serverUrl` names. Throws where PgBouncer is not installed. */
export const startBouncer = async (serverUrl: string): Promise<Bouncer> => {
  if (program === undefined)
    throw new Error('PgBouncer is not installed (Debian: apt-get install pgbouncer).');
  const server = new URL(serverUrl);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'arc-gam-bouncer-'));
  writeFileSync(
    join(folder, 'users'),
    `"${decodeURIComponent(server.username)}" "${decodeURIComponent(server.password)}"\n`,
  );
  writeFileSync(
    join(folder, 'ini'),
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = ${server.password === '' ? 'trust' : 'scram-sha-256'}
auth_file = ${join(folder, 'users')}
pool_mode = transaction
default_pool_size = 5
logfile =
`,
  );
  // Nobody's uid where this runs as root, which PgBouncer refuses.
  const owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  if (owner.uid !== undefined)
    for (const path of [folder, join(folder, 'users')]) chownSync(path, owner.uid, owner.gid);
  chmodSync(join(folder, 'users'), 0o600);
  const child = spawn(program, [join(folder, 'ini')], { stdio: 'ignore', ...owner });
  const through = (url: string) => {
    const way = new URL(url);
    way.hostname = '127.0.0.1';
    way.port = String(port);
    return way.href;
  };
  await untilItAnswers(through(serverUrl), child);
  return {
    through,
    stop: () => {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const untilItAnswers = async (url: string, child: ChildProcess): Promise<void> => {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  child.kill();
  throw new Error('PgBouncer did not answer within 5 s.');
};
