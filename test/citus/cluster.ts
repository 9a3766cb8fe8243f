import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../server/port.js';

/** A coordinator and its workers on loopback, in a folder that goes with them. */
export interface Cluster {
  /** Shards of a distributed table. */
  readonly shards: number;
  /** The way to a database on the coordinator. */
  url(database: string): string;
  /** The same on a worker, from 1 on. */
  workerUrl(worker: number, database: string): string;
  /** Makes a database on all nodes and has the coordinator know the workers. Returns its URL. */
  createDatabase(name: string, options?: DatabaseOptions): Promise<string>;
  dropDatabase(name: string): Promise<void>;
  /** Kills a worker as a crash does. */
  stopWorker(worker: number): Promise<void>;
  startWorker(worker: number): Promise<void>;
  stop(): Promise<void>;
}

/** How much of the cluster a database's metadata knows. */
export interface DatabaseOptions {
  /** The coordinator is not registered with itself. */
  readonly withoutCoordinator?: boolean;
  /** Only so many of the workers are. */
  readonly workers?: number;
}

/** What is asked of a cluster besides its size. */
export interface ClusterOptions {
  readonly workers?: number;
  /** Of four each worker has two: a pair is in one, in two of one worker, or of both. */
  readonly shards?: number;
}

/** The folder of a server's programs that has the extension, or the reason why there is none. */
export const findCitus = (): { readonly bin: string } | { readonly missing: string } => {
  const given = process.env.ARC_GAM_TEST_CITUS_BIN;
  const folders = [
    ...(given ? [given] : []),
    ...versionsBelow('/usr/lib/postgresql', (version) => `/usr/lib/postgresql/${version}/bin`),
    ...versionsBelow('/usr', (name) => (name.startsWith('pgsql-') ? `/usr/${name}/bin` : '')),
    '/usr/local/pgsql/bin',
    '/usr/local/bin',
  ].filter((folder) => existsSync(join(folder, 'postgres')));
  if (folders.length === 0) return { missing: 'no PostgreSQL server is installed' };
  const bin = folders.find(hasCitus);
  if (bin !== undefined) return { bin };
  return { missing: `the extension citus is not installed for ${folders.join(', ')}` };
};

const versionsBelow = (folder: string, path: (name: string) => string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map(path)
        .filter((found) => found !== '')
    : [];

const hasCitus = (bin: string): boolean =>
  [join(bin, '..', 'share', 'extension'), join(bin, '..', 'share', 'postgresql', 'extension')]
    .concat(
      // Debian keeps what is shared elsewhere.
      /^\/usr\/lib\/postgresql\/(\d+)\/bin$/
        .exec(bin)
        ?.map((version) => `/usr/share/postgresql/${version}/extension`) ?? [],
    )
    .some((folder) => existsSync(join(folder, 'citus.control')));

/** Postgres does not run as root: there the user of the server's package owns the nodes. */
const nodeOwner = (): { uid?: number; gid?: number } => {
  if (process.getuid?.() !== 0) return {};
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith('postgres:'));
  const [, , uid, gid] = entry?.split(':') ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
};

/**
 * Starts a coordinator and its workers. Nothing is flushed to disk and everybody on this machine is trusted: for tests
 * only. Throws where the extension is not installed.
 */
export const startCluster = async ({ workers = 2, shards = 4 }: ClusterOptions = {}): Promise<Cluster> => {
  const found = findCitus();
  if ('missing' in found) throw new Error(`No cluster can be started: ${found.missing}.`);
  const owner = nodeOwner();
  const folder = mkdtempSync(join(tmpdir(), 'arc-gam-citus-'));
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const nodes: Node[] = [];
  try {
    for (let index = 0; index <= workers; index += 1) {
      const node = new Node(
        found.bin,
        join(folder, index === 0 ? 'coordinator' : `worker${index}`),
        owner,
        shards,
      );
      nodes.push(node);
      await node.create();
      await node.start();
    }
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  // Whoever ends without stop() takes the servers along, unless they are killed outright.
  process.once('exit', () => {
    for (const node of nodes) node.kill();
  });
  const [coordinator, ...others] = nodes as [Node, ...Node[]];
  const workerOf = (worker: number): Node => {
    const node = others[worker - 1];
    if (node === undefined) throw new Error(`There is no worker ${worker}.`);
    return node;
  };
  return {
    shards,
    url: (database) => coordinator.url(database),
    workerUrl: (worker, database) => workerOf(worker).url(database),
    createDatabase: async (name, { withoutCoordinator = false, workers: known = others.length } = {}) => {
      for (const node of nodes) {
        await query(node.url('postgres'), `create database ${name}`);
        await query(node.url(name), 'create extension citus');
      }
      await query(
        coordinator.url(name),
        ...(withoutCoordinator
          ? []
          : [`select citus_set_coordinator_host('127.0.0.1', ${coordinator.port})`]),
        ...others.slice(0, known).map((node) => `select citus_add_node('127.0.0.1', ${node.port})`),
      );
      return coordinator.url(name);
    },
    dropDatabase: async (name) => {
      for (const node of nodes)
        await query(node.url('postgres'), `drop database if exists ${name} with (force)`);
    },
    stopWorker: (worker) => workerOf(worker).stop('SIGQUIT'),
    startWorker: (worker) => workerOf(worker).start(),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop('SIGQUIT')));
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const query = async (url: string, ...statements: string[]): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
};

/** One server of a cluster. */
class Node {
  port = 0;
  private server: ChildProcess | null = null;
  private log = '';

  constructor(
    private readonly bin: string,
    private readonly data: string,
    private readonly owner: { uid?: number; gid?: number },
    private readonly shards: number,
  ) {}

  url(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}?sslmode=disable`;
  }

  async create(): Promise<void> {
    this.port = await freePort();
    execFileSync(
      join(this.bin, 'initdb'),
      [
        `--pgdata=${this.data}`,
        '--username=postgres',
        '--auth=trust',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { stdio: 'ignore', cwd: tmpdir(), ...this.owner },
    );
  }

  async start(): Promise<void> {
    const settings = {
      port: String(this.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      shared_preload_libraries: 'citus',
      max_connections: '200',
      max_prepared_transactions: '200',
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      'citus.shard_count': String(this.shards),
      // The nodes trust each other, without certificates.
      'citus.node_conninfo': 'sslmode=disable',
      'citus.enable_statistics_collection': 'off',
    };
    const server = spawn(
      join(this.bin, 'postgres'),
      ['-D', this.data, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
      { stdio: ['ignore', 'ignore', 'pipe'], cwd: tmpdir(), ...this.owner },
    );
    this.server = server;
    server.stderr.on('data', (chunk: Buffer) => {
      this.log = (this.log + chunk.toString()).slice(-4_000);
    });
    for (let attempt = 0; ; attempt += 1) {
      if (server.exitCode !== null)
        throw new Error(`A node of the cluster ended at once: ${this.log.trim()}`);
      try {
        await query(this.url('postgres'), 'select 1');
        return;
      } catch (error) {
        if (attempt > 200) throw error;
        await sleep(50);
      }
    }
  }

  kill(): void {
    this.server?.kill('SIGQUIT');
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    const server = this.server;
    this.server = null;
    if (server === null || server.exitCode !== null) return;
    server.kill(signal);
    await Promise.race([
      new Promise((done) => server.once('exit', done)),
      sleep(10_000, undefined, { ref: false }),
    ]);
    if (server.exitCode === null) server.kill('SIGKILL');
  }
}
