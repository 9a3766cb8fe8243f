import { userInfo } from 'node:os';
import { parse } from 'pg-connection-string';
import { usageFailure } from './errors.js';

/** Where Google Cloud's metadata server answers; GCE_METADATA_HOST names another one, as in Google's own libraries. */
const defaultMetadataHost = 'metadata.google.internal';

const tlsModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/** libpq's sslmode; 'allow' is read as 'prefer'. */
export type TlsMode = (typeof tlsModes)[number];

/** Which database a command works on. A host that begins with / is the folder of a Unix socket. */
export interface DatabaseTarget {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  /** Host of the metadata server whose token is the password (Cloud SQL's IAM authentication); null: not used. */
  readonly iamMetadataHost: string | null;
  readonly tls: TlsMode;
  /** Path of a PEM file with the certificate authority, for verify-ca and verify-full. */
  readonly tlsRootCertificate: string | undefined;
  /** Paths of PEM files with the client's own certificate and key, where the server asks for one. */
  readonly tlsCertificate: string | undefined;
  readonly tlsKey: string | undefined;
  /** Milliseconds until a connection attempt is given up; 0: never, as in libpq. */
  readonly connectTimeoutMs: number;
  /** Milliseconds during which an unreachable server is tried again; 0: one attempt. */
  readonly waitMs: number;
}

type Environment = Record<string, string | undefined>;

/**
 * The ways to name a database. `names` do so by themselves; a user, a password, a port or an sslmode goes with whatever
 * names one.
 */
const waysToName = [
  { names: ['DATABASE_URL'], others: [] },
  {
    names: ['DB_NAME', 'DB_HOST', 'INSTANCE_CONNECTION_NAME'],
    others: ['DB_PORT', 'DB_USER', 'DB_PASS', 'DB_SOCKET_PATH'],
  },
  { names: ['PGHOST', 'PGDATABASE'], others: ['PGPORT'] },
] as const;

/**
 * What of a .env file goes with an environment. Where the environment names a database, the file's other ways to name
 * one are left aside: a DATABASE_URL of the file would beat the PGDATABASE of the command line.
 */
export const besideEnvironment = (file: Environment, environment: Environment): Environment => {
  const isSet = (name: string) => (environment[name] ?? '') !== '';
  const unnamed = waysToName.filter(({ names }) => !names.some(isSet));
  if (unnamed.length === waysToName.length) return file;
  const aside: string[] = unnamed.flatMap(({ names, others }) => [...names, ...others]);
  // Of these two the first wins.
  if (isSet('INSTANCE_CONNECTION_NAME')) aside.push('DB_HOST');
  return Object.fromEntries(Object.entries(file).filter(([name]) => !aside.includes(name)));
};

const nothingConfigured = `No database is configured. Give one of:
  --database-url or DATABASE_URL        postgres://user:password@host:5432/database
  DB_USER, DB_PASS, DB_NAME             with INSTANCE_CONNECTION_NAME (Cloud SQL's socket) or DB_HOST and DB_PORT
  PGHOST, PGUSER, PGPASSWORD, PGDATABASE   as for psql
in the environment or in a .env file. To see arc-gam work without a database, run: arc-gam demo`;

/**
 * Which database to use: the URL, else the DB_* variables of Cloud Run, else libpq's PG* variables.
 * Throws a usage failure when none is given or one can't be read; it never repeats a password.
 */
export const databaseTarget = (urlFlag: string | undefined, environment: Environment): DatabaseTarget => {
  const url = urlFlag ?? environment.DATABASE_URL;
  if (url !== undefined) return fromUrl(url, environment);
  if (environment.DB_NAME !== undefined || environment.DB_USER !== undefined) return fromParts(environment);
  if (
    environment.PGHOST !== undefined ||
    environment.PGDATABASE !== undefined ||
    environment.PGUSER !== undefined
  ) {
    return complete(environment, {});
  }
  if (environment.DB_HOST !== undefined || environment.INSTANCE_CONNECTION_NAME !== undefined)
    return fromParts(environment);
  throw usageFailure(nothingConfigured);
};

/** `host:port/database` of a target, without user or password. */
export const describeTarget = (target: DatabaseTarget): string =>
  target.host.startsWith('/')
    ? `${target.host}/${target.database}`
    : `${target.host}:${target.port}/${target.database}`;

const fromUrl = (url: string, environment: Environment): DatabaseTarget => {
  if (!/^(postgres|postgresql|socket):/.test(url)) {
    throw usageFailure(
      'The database URL does not begin with postgres://. Expected postgres://user:password@host:5432/database.',
    );
  }
  // Else a piece of the password would be taken for the host, and shown as such.
  if (!/^\w+:(?!\/\/)|^\w+:\/\/([^@/#?]*@)?[^@#?]*(\?(?![^=]*@).*)?$/s.test(url)) {
    throw usageFailure(
      "The database URL has an @, a # or a ? in a part that can't have one. In the user name, the password and the name of the database it must be percent-encoded: @ is %40, # is %23, / is %2F, : is %3A, ? is %3F.",
    );
  }
  let parsed: ReturnType<typeof parse>;
  let parameters: URLSearchParams;
  try {
    // sslmode is handled here: the parser would read the certificate files itself and print a deprecation warning.
    const [address = '', query = ''] = url.split(/\?(.*)/s);
    parameters = new URLSearchParams(query);
    const host = parameters.get('host');
    parsed = parse(host === null ? address : `${address}?host=${encodeURIComponent(host)}`);
  } catch {
    throw usageFailure(
      "The database URL can't be read. Expected postgres://user:password@host:5432/database, with special characters in the password percent-encoded.",
    );
  }
  return complete(environment, {
    host: parsed.host ?? undefined,
    port: parameters.get('port') ?? parsed.port ?? undefined,
    database: parsed.database ?? undefined,
    user: parsed.user ?? parameters.get('user') ?? undefined,
    password: parsed.password ?? parameters.get('password') ?? undefined,
    tls: parameters.get('sslmode') ?? undefined,
    tlsRootCertificate: parameters.get('sslrootcert') ?? undefined,
    tlsCertificate: parameters.get('sslcert') ?? undefined,
    tlsKey: parameters.get('sslkey') ?? undefined,
    connectTimeout: parameters.get('connect_timeout') ?? undefined,
  });
};

const fromParts = (environment: Environment): DatabaseTarget => {
  const missing = ['DB_USER', 'DB_NAME'].filter((name) => environment[name] === undefined);
  const instance = environment.INSTANCE_CONNECTION_NAME;
  if (instance === undefined && environment.DB_HOST === undefined)
    missing.push('INSTANCE_CONNECTION_NAME or DB_HOST');
  if (missing.length > 0)
    throw usageFailure(`The DB_* settings are incomplete: ${missing.join(', ')} is not set.`);
  return complete(environment, {
    host: environment.DB_HOST ?? `${environment.DB_SOCKET_PATH ?? '/cloudsql'}/${instance}`,
    port: environment.DB_PORT,
    database: environment.DB_NAME,
    user: environment.DB_USER,
    password: environment.DB_PASS,
  });
};

interface Given {
  host?: string | undefined;
  port?: string | undefined;
  database?: string | undefined;
  user?: string | undefined;
  password?: string | undefined;
  tls?: string | undefined;
  tlsRootCertificate?: string | undefined;
  tlsCertificate?: string | undefined;
  tlsKey?: string | undefined;
  connectTimeout?: string | undefined;
}

const complete = (environment: Environment, given: Given): DatabaseTarget => {
  const iam = /^(1|true|on|yes)$/i.test(environment.DB_IAM ?? '');
  const user = given.user ?? environment.PGUSER ?? userInfo().username;
  const host = given.host ?? environment.PGHOST ?? 'localhost';
  const tlsRootCertificate = given.tlsRootCertificate ?? environment.PGSSLROOTCERT;
  return Object.freeze({
    host,
    port: portNumber(given.port ?? environment.PGPORT),
    database: given.database ?? environment.PGDATABASE ?? user,
    // Cloud SQL drops the suffix that all service accounts share from the name of the role.
    user: iam ? user.replace(/\.gserviceaccount\.com$/, '') : user,
    password: iam ? undefined : (given.password ?? environment.PGPASSWORD),
    iamMetadataHost: iam ? (environment.GCE_METADATA_HOST ?? defaultMetadataHost) : null,
    tls: tlsMode(given.tls ?? environment.PGSSLMODE, host, tlsRootCertificate !== undefined, iam),
    tlsRootCertificate,
    tlsCertificate: given.tlsCertificate ?? environment.PGSSLCERT,
    tlsKey: given.tlsKey ?? environment.PGSSLKEY,
    connectTimeoutMs: milliseconds(
      'connect_timeout or PGCONNECT_TIMEOUT',
      given.connectTimeout ?? environment.PGCONNECT_TIMEOUT ?? '8',
    ),
    waitMs: milliseconds('ARC_GAM_DATABASE_WAIT_SECONDS', environment.ARC_GAM_DATABASE_WAIT_SECONDS ?? '0'),
  });
};

const portNumber = (given: string | undefined): number => {
  // A URL without a port is parsed as one with an empty port.
  const port = Number(given || 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw usageFailure(`The database port is '${given}', expected a number from 1 to 65535.`);
  }
  return port;
};

/** A week, in seconds: a timer of Node takes no more than 24 days. */
const mostSeconds = 604_800;

const milliseconds = (name: string, seconds: string): number => {
  if (!/^\d+$/.test(seconds) || Number(seconds) > mostSeconds) {
    throw usageFailure(`${name} is '${seconds}', expected whole seconds from 0 to ${mostSeconds}.`);
  }
  return Number(seconds) * 1000;
};

const tlsMode = (given: string | undefined, host: string, hasAuthority: boolean, iam: boolean): TlsMode => {
  if (host.startsWith('/')) return 'disable';
  const mode = given === undefined || given === 'allow' ? 'prefer' : tlsModes.find((mode) => mode === given);
  if (mode === undefined)
    throw usageFailure(`sslmode is '${given}', expected one of ${tlsModes.join(', ')}.`);
  if (iam && mode === 'disable') {
    throw usageFailure(
      'sslmode=disable and --iam: the token is the password and must not cross the network in the clear. Give sslmode=require or better.',
    );
  }
  if (iam && mode === 'prefer') return hasAuthority ? 'verify-ca' : 'require';
  // As libpq does: with a root certificate given, the server's certificate is verified.
  return mode === 'require' && hasAuthority ? 'verify-ca' : mode;
};
