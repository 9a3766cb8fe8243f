import { exitCode, Failure, usageFailure, workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { filledFile } from '../sql-text.js';

/** Asks the database a question; the way that a session and a connection have in common. */
export type Ask = <Row extends Record<string, unknown>>(
  text: string,
  parameters: readonly string[],
) => Promise<Row[]>;

/** A server of the cluster. */
export interface ClusterNode extends Record<string, unknown> {
  /** host:port */
  readonly name: string;
  readonly is_coordinator: boolean;
  /** Whether the cluster is told to use it. */
  readonly is_active: boolean;
  readonly answers: boolean;
}

/** A table of the application and where its rows are. */
export interface Placement extends Record<string, unknown> {
  readonly role: 'taps' | 'users';
  readonly name: string;
  readonly placement: 'local' | 'distributed' | 'reference';
  readonly distribution_column: string | null;
  readonly shard_count: number;
  /** Nodes that should have a copy and have none; null: none of them. */
  readonly missing_nodes: string | null;
}

/** One of our own tables whose rows are not all on this server, or a view that reads such a table. */
export interface FigurePlacement extends Record<string, unknown> {
  readonly name: string;
  readonly placement: 'distributed' | 'reference' | 'view';
  /** Of a view, its SELECT. */
  readonly definition: string | null;
  /** Of a reference table, the table that this server's copy is in. */
  readonly local_shard: string | null;
  /** As in Placement. */
  readonly missing_nodes: string | null;
}

/** A database that knows Citus: its nodes, and where the application's tables are. */
export interface Cluster {
  /** Of the extension, for example 13.2-1. */
  readonly version: string;
  /** Whether this server is the coordinator. */
  readonly isCoordinator: boolean;
  readonly nodes: readonly ClusterNode[];
  readonly placements: readonly Placement[];
}

/** The oldest version of Citus that arc-gam's results were compared on with plain Postgres'. */
const testedVersion = '13.2';

/** Of the extension; null where there is none: the one question that a plain Postgres is asked. */
export const citusVersion = async (ask: Ask): Promise<string | null> => {
  const [extension] = await ask<{ version: string }>(
    "select extversion as version from pg_extension where extname = 'citus'",
    [],
  );
  return extension?.version ?? null;
};

/** Whether the database has the extension. */
export const hasCitus = async (ask: Ask): Promise<boolean> => (await citusVersion(ask)) !== null;

/** Where the taps are looked up from: the application's tables, or our views over them. */
export interface SourceNames {
  readonly taps: string;
  readonly users: string;
}

/** What runs read. */
export const sourceViews: SourceNames = { taps: 'tap', users: 'app_user' };

/**
 * Describes the cluster that the database belongs to; null where it has no Citus. Asks every node whether it answers,
 * but only where the application's tables are spread over them.
 */
export const inspectCluster = async (ask: Ask, { taps, users }: SourceNames): Promise<Cluster | null> => {
  const version = await citusVersion(ask);
  if (version === null) return null;
  const placements = await ask<Placement>(readPackageFile('sql/citus/placement.sql'), [taps, users]);
  const nodes = isSpread({ placements })
    ? await ask<ClusterNode>(readPackageFile('sql/citus/node.sql'), [])
    : [];
  const [group] = await ask<{ id: number }>('select groupid as id from pg_dist_local_group', []);
  return { version, isCoordinator: group?.id === 0, nodes, placements };
};

/** Whether a table of the application is on other nodes than this one. */
export const isSpread = (cluster: Pick<Cluster, 'placements'> | null): boolean =>
  cluster?.placements.some(({ placement }) => placement !== 'local') ?? false;

/**
 * Where our own tables in a schema are, if not on this server; none of them without Citus. Asked in a transaction of
 * ours, where the names in the views' definitions need no schema.
 */
export const figurePlacements = async (ask: Ask, schema: string): Promise<FigurePlacement[]> =>
  (await hasCitus(ask)) ? ask<FigurePlacement>(readPackageFile('sql/citus/figure.sql'), [schema]) : [];

/** Whether taps or users are spread over nodes: then two statements don't see the source at one moment. */
export const isSourceSpread = async (ask: Ask): Promise<boolean> => {
  if (!(await hasCitus(ask))) return false;
  const placements = await ask<Placement>(readPackageFile('sql/citus/placement.sql'), [
    sourceViews.taps,
    sourceViews.users,
  ]);
  return isSpread({ placements });
};

/**
 * Throws a failure in words, with what to run next, where arc-gam's figures can't be relied on: a version that is older
 * than those tested, a server that is not the coordinator, a node that is missing, away or without its copy of the
 * users, and users that are not on every node. Nothing to say of a database without Citus, or whose tables are all on
 * this server.
 */
export const requireUsable = (cluster: Cluster | null): void => {
  if (cluster === null || !isSpread(cluster)) return;
  const { version, isCoordinator, nodes, placements } = cluster;
  if (isOlder(version, testedVersion)) {
    throw workFailure(
      `The cluster runs Citus ${version}; arc-gam's figures were compared on ${testedVersion} and newer only. Update the packages on every node, restart, then run on every node: alter extension citus update;`,
    );
  }
  if (!isCoordinator) {
    throw usageFailure(
      'The server is a worker of the cluster, and figures are kept on its coordinator. Give the coordinator in DATABASE_URL; any node names it: select nodename, nodeport from pg_dist_node where groupid = 0;',
    );
  }
  const coordinator = nodes.find(({ is_coordinator }) => is_coordinator);
  if (coordinator === undefined) {
    throw workFailure(
      "The cluster's metadata does not name this coordinator, so that it has no copy of the users. Run on it: select citus_set_coordinator_host('HOST', PORT); then: select replicate_reference_tables('block_writes');",
    );
  }
  requireAnsweringNodes(nodes);
  for (const { role, name, placement, distribution_column } of placements) {
    if (role !== 'users' || placement === 'reference') continue;
    if (
      placement === 'local' &&
      !placements.some((other) => other.role === 'taps' && other.placement !== 'local')
    )
      continue;
    const first = placement === 'local' ? '' : `select undistribute_table('${name}'); `;
    const found =
      placement === 'local'
        ? 'on the coordinator alone'
        : `distributed by ${distribution_column ?? 'nothing'}`;
    throw usageFailure(
      `${name} is ${found}: both ends of a tap are looked up in it, which the nodes can do only if each has all of it. Run: ${first}select create_reference_table('${name}');`,
    );
  }
  refuseLacking(placements);
};

/** Throws a failure in words where a node is switched off or does not answer. */
const requireAnsweringNodes = (nodes: readonly ClusterNode[]): void => {
  const off = nodes.find(({ is_active }) => !is_active);
  if (off !== undefined) {
    const [host, port] = splitName(off.name);
    throw workFailure(
      `The node ${off.name} is switched off, and its taps can't be read. Run on the coordinator: select citus_activate_node('${host}', ${port});`,
    );
  }
  const away = nodes.find(({ answers }) => !answers);
  if (away !== undefined) {
    throw new Failure(
      exitCode.unreachable,
      `The node ${away.name} of the cluster does not answer, and its taps can't be read. Nothing was changed. Start it, then run the same command again; select * from citus_check_cluster_node_health() shows who reaches whom.`,
    );
  }
};

/** As requireUsable about the nodes alone, for whoever asks for more than the source. */
export const requireAnswering = async (ask: Ask): Promise<void> =>
  requireAnsweringNodes(await ask<ClusterNode>(readPackageFile('sql/citus/node.sql'), []));

/**
 * Throws a failure in words where our own tables are spread over nodes and one of these is away, or has no copy of a
 * table that every node should have.
 */
export const requireFigures = async (ask: Ask, figures: readonly FigurePlacement[]): Promise<void> => {
  if (figures.length === 0) return;
  await requireAnswering(ask);
  refuseLacking(figures);
};

/** The tables of ours that `arc-gam distribute` has yet to move; none of them while nothing is spread. */
export const unspread = async (ask: Ask, schema: string): Promise<string[]> =>
  (await ask<{ name: string }>(placedFile('sql/citus/left.sql'), [schema])).map(({ name }) => name);

/** A statement over where our tables are and would be. */
export const placedFile = (file: string): string =>
  filledFile(file, {
    placed: readPackageFile('sql/citus/placed.sql')
      .replace(/^--.*\n/gm, '')
      .trimEnd(),
  });

/** Throws a failure in words where only some of our own tables are spread over the nodes, or as they were before. */
export const requireWhole = async (ask: Ask, schema: string): Promise<void> => {
  const left = await unspread(ask, schema);
  if (left.length === 0) return;
  throw workFailure(
    `Of the figures only some are spread over the nodes; ${left.length === 1 ? 'one table is' : `${left.length} tables are`} not where the others expect it (${left.join(', ')}). Go on with: arc-gam distribute (or back: arc-gam distribute --undo)`,
  );
};

const refuseLacking = (
  tables: readonly { readonly name: string; readonly missing_nodes: string | null }[],
): void => {
  const lacking = tables.find(({ missing_nodes }) => missing_nodes !== null);
  if (lacking === undefined) return;
  throw workFailure(
    `${lacking.missing_nodes} has no copy of ${lacking.name}, a reference table. Run on the coordinator: select replicate_reference_tables('block_writes');`,
  );
};

const splitName = (name: string): [string, string] => {
  const colon = name.lastIndexOf(':');
  return [name.slice(0, colon), name.slice(colon + 1)];
};

/** Whether a version such as 13.2-1 is before another. */
const isOlder = (version: string, than: string): boolean => {
  const numbers = (text: string) => text.split(/[.-]/).map(Number);
  const [major = 0, minor = 0] = numbers(version);
  const [leastMajor = 0, leastMinor = 0] = numbers(than);
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
};

const placedAs = ({ placement, distribution_column, shard_count, name }: Placement): string => {
  if (placement === 'reference') return `${name} is a reference table`;
  if (placement === 'local') return `${name} is on the coordinator`;
  const by = distribution_column === null ? '' : ` by ${distribution_column}`;
  return `${name} is distributed${by} over ${shard_count} ${shard_count === 1 ? 'shard' : 'shards'}`;
};

/** What was found, as a notice: version, nodes, and how taps, users and our tables are placed. Null without Citus. */
export const describeCluster = (
  cluster: Cluster | null,
  schema: string,
  figures: readonly FigurePlacement[],
): string | null => {
  if (cluster === null) return null;
  const { version, nodes, placements } = cluster;
  const spread = figures.filter(({ placement }) => placement !== 'view').length;
  if (!isSpread(cluster) && spread === 0)
    return `Citus ${version} is installed, and neither taps nor users are spread over nodes: everything is as on plain Postgres.`;
  const workers = nodes.filter(({ is_coordinator }) => !is_coordinator).map(({ name }) => name);
  return `Citus ${version}, a coordinator and ${workers.length === 1 ? '1 worker' : `${workers.length} workers`} (${workers.join(', ')}): ${placements.map(placedAs).join(', ')}. ${
    spread === 0
      ? `The schema ${schema} stays on the coordinator`
      : `Of the schema ${schema}, ${spread} tables are spread over the nodes`
  }, and a run reads the taps of a batch once, from all nodes.`;
};

/** Why nothing can note which days changed, as the beginning of a sentence; null where triggers can. */
export const whyNoCapture = (cluster: Cluster | null): string | null => {
  const spread = cluster?.placements.find(({ placement }) => placement !== 'local');
  return spread === undefined
    ? null
    : `${placedAs(spread)} of a Citus cluster, and Citus runs no triggers there, so that nothing can note which days changed.`;
};

/** Throws a usage failure where triggers can't be had: on tables that are spread over nodes. */
export const refuseCapture = (cluster: Cluster | null): void => {
  const why = whyNoCapture(cluster);
  if (why === null) return;
  throw usageFailure(
    `${why} Leave capture off: a run then compares the digest of every day, which the nodes compute side by side; how far back it looks can be bounded with: arc-gam etl --lookback DAYS`,
  );
};
