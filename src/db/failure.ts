import { exitCode, Failure, usageFailure } from '../errors.js';
import { sentence } from '../report/format.js';
import { type DatabaseTarget, describeTarget } from '../target.js';

interface DatabaseError {
  code?: string;
  syscall?: string;
  message: string;
  detail?: string;
  /** In what the server was at work: for an error that came from another node, which one. */
  where?: string;
}

const asDatabaseError = (error: unknown): DatabaseError =>
  error instanceof Error ? (error as Error & DatabaseError) : { message: String(error) };

/** Whether a failed connection attempt failed because the server offers no TLS. */
export const isTlsRefused = (error: unknown): boolean =>
  error instanceof Failure && asDatabaseError(error.cause).message.includes('does not support SSL');

const lostConnectionCodes = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'CONNECT_TIMEOUT',
  '57P01',
  '57P02',
  '57P03',
]);

/** Whether the connection was cut, as the driver or the server says it. */
export const isLostConnection = (error: unknown): boolean => {
  const { code, message, syscall } = asDatabaseError(error);
  // ENOENT of a socket: the server may not have started yet. Any other missing file has nothing to do with the
  // connection.
  if (code === 'ENOENT') return syscall === 'connect';
  return (
    (code !== undefined && (lostConnectionCodes.has(code) || code.startsWith('08'))) ||
    /Connection terminated|server closed the connection|is not queryable|Client was closed|^failure on connection marked as essential/i.test(
      message,
    )
  );
};

/** Whether it was not our connection that was lost, but that of a Citus coordinator to another node. */
const isNodeAway = (error: unknown): boolean => {
  const { message, where = '' } = asDatabaseError(error);
  return (
    isLostConnection(error) &&
    (/\bnode\b|connection marked as essential/.test(message) || /while executing command on/.test(where))
  );
};

/**
 * Whether the server is away for now, or only takes reads, as in a failover: whatever ends with exit code 5, so that
 * what is told as an outage is waited for as one.
 */
export const isAway = (error: unknown): boolean => toFailure(error).exitCode === exitCode.unreachable;

/** Whether the same may succeed when it is tried again: an outage, deadlocks, serialisation failures. */
export const isTransient = (error: unknown): boolean =>
  isAway(error) || ['40001', '40P01', '53300'].includes(asDatabaseError(error).code ?? '');

/** Whether a write was refused: the role may not, or nobody may, as on a standby. */
export const isRefusedWrite = (error: unknown): boolean =>
  ['42501', '25006'].includes(asDatabaseError(error).code ?? '');

/** Whether a statement waited for a lock, of a table most often, longer than ARC_GAM_LOCK_TIMEOUT_MS. */
export const isLockTimeout = (error: unknown): boolean => asDatabaseError(error).code === '55P03';

/** Whether a statement was cancelled: by us, by an operator or by statement_timeout. */
export const isCancelled = (error: unknown): boolean => asDatabaseError(error).code === '57014';

/**
 * A failed attempt to connect as a sentence, never with the password in it. Exit code 5 if it may succeed later, 2 if
 * somebody has to correct a name, a password or a certificate first. A failure, such as that of a token, has its words.
 */
export const connectionFailure = (error: unknown, target: DatabaseTarget): Failure => {
  if (error instanceof Failure) return error;
  const { code, message } = asDatabaseError(error);
  const place = describeTarget(target);
  const failure = (sentence: string) => new Failure(exitCode.unreachable, sentence, { cause: error });
  const wrong = (sentence: string) => usageFailure(sentence, { cause: error });
  if (/no encryption|SSL off/i.test(message) && code === '28000') {
    return wrong(
      `The server at ${place} accepts '${target.user}' only over TLS. Add sslmode=require to the URL, or set PGSSLMODE=require.`,
    );
  }
  switch (code) {
    case '28P01':
      return wrong(
        `The password of '${target.user}' was refused at ${place}. Check the URL's password, DB_PASS or PGPASSWORD.`,
      );
    case '28000':
      return wrong(
        `The server at ${place} does not let '${target.user}' in: ${message}. Check the user, or pg_hba.conf.`,
      );
    case '3D000':
      return wrong(`There is no database '${target.database}' at ${place}. Create it, or correct the name.`);
    case '42501':
      return wrong(`'${target.user}' may not connect to '${target.database}' at ${place}: ${message}.`);
    case '53300':
      return failure(`The server at ${place} has no connection left: ${message}. Try again later.`);
    case '57P03':
      return failure(`The server at ${place} is not ready: ${message}. Try again in a moment.`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failure(
        `The host '${target.host}' is not known. Check the database URL's host, DB_HOST or PGHOST.`,
      );
    case 'EACCES':
      return wrong(
        `The socket of the server in ${target.host} (port ${target.port}) may not be used by this user. Check its owner and mode.`,
      );
    case 'ENOENT':
      return failure(
        `There is no socket of a server in ${target.host} (port ${target.port}). Check INSTANCE_CONNECTION_NAME or PGHOST, and that the instance is attached.`,
      );
  }
  if (/password must be a string|no password supplied|SASL/i.test(message)) {
    return wrong(
      `The server at ${place} asks for the password of '${target.user}' and none was given. Set DB_PASS or PGPASSWORD, or put it into the URL.`,
    );
  }
  if (message.includes('does not support SSL')) {
    return wrong(
      `sslmode=${target.tls} was asked for, but the server at ${place} does not offer TLS. Use sslmode=prefer or disable.`,
    );
  }
  if (/certificate|self.signed/i.test(message)) {
    return wrong(
      `The certificate of ${place} can't be verified (${message}). Set PGSSLROOTCERT to the authority's file.`,
    );
  }
  if (/timeout|timed out/i.test(message) || code === 'ETIMEDOUT' || code === 'CONNECT_TIMEOUT') {
    return failure(
      `The database at ${place} did not answer${target.connectTimeoutMs === 0 ? '' : ` within ${target.connectTimeoutMs / 1000} s`}. Check host, port and firewall.`,
    );
  }
  return failure(
    `The database at ${place} can't be reached: ${reason(error)}. Check that the server runs there and that host and port are right.`,
  );
};

/** When several addresses were tried, Node throws an AggregateError without a message; the last one's is used. */
const reason = (error: unknown): string => {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const { code, message } = asDatabaseError(first);
  return code === 'ECONNREFUSED' ? 'connection refused' : message || code || 'no reason given';
};

/** Turns any error into a failure: a database error into a sentence, a defect with its own message and exit code 1. */
export const toFailure = (error: unknown): Failure => {
  if (error instanceof Failure) return error;
  const { code, message, detail } = asDatabaseError(error);
  const failure = (exit: 1 | 4 | 5, sentence: string) => new Failure(exit, sentence, { cause: error });
  if (isNodeAway(error)) {
    return failure(
      exitCode.unreachable,
      `A node of the Citus cluster went away (${message.split('\n')[0]}). What was committed stays; start it, then run the same command again to go on.`,
    );
  }
  if (isLostConnection(error)) {
    return failure(
      exitCode.unreachable,
      `The connection to the database was lost (${message || code}). What was committed stays; run the same command again to go on.`,
    );
  }
  switch (code) {
    case '42501':
      if (/row-level security/.test(message))
        return failure(
          exitCode.failed,
          `${sentence(message)} It would hide rows of the source, and figures of what is left would be wrong. Give the owner of arc-gam's views the right to read all rows (alter role ... bypassrls), or name a view of the table's own owner as the source and run: arc-gam migrate`,
        );
      return failure(
        exitCode.failed,
        `The database refused it: ${message}. Grant the role what it needs (arc-gam grants prints the SQL).`,
      );
    case '55P03':
      // Not that of a run, which src/db/run-lock.ts tries without waiting.
      return failure(
        exitCode.failed,
        `A session holds a lock on a table for longer than ARC_GAM_LOCK_TIMEOUT_MS (${message}). pg_locks and pg_stat_activity say which, pg_blocking_pids(pid) who is waited for (docs/operations.md has the query): wait for it or end it, then run the same command again.`,
      );
    case '25006':
      return failure(
        exitCode.unreachable,
        `This server only takes reads (${message}): it is a replica, or default_transaction_read_only is on. Give the address of the primary; after a failover run the same command again.`,
      );
    case '22P02':
    case '22003':
    case '22007':
    case '22008':
      return failure(
        exitCode.failed,
        `${sentence(message)} If that is an expression of ARC_GAM_TAPS_* or ARC_GAM_USERS_* that can't take a value of the application's tables, let it give null for such a value (case when ... then ... end), run arc-gam migrate, then the same command again.`,
      );
    case '57014':
      return failure(
        exitCode.failed,
        `A statement was ended: ${message}. Raise ARC_GAM_STATEMENT_TIMEOUT_MS (or, of a backfill, give a smaller --batch-days), then run the same command again.`,
      );
    case '53100':
      return failure(
        exitCode.failed,
        `The server's disk is full: ${message}. Nothing of the batch was kept. Make room, then run the same command again.`,
      );
    case '2BP01':
      return failure(
        exitCode.failed,
        `${sentence(message)} ${sentence((detail ?? 'Postgres does not say which').split('\n').slice(0, 5).join('; '))} Nothing was changed.`,
      );
    case '40001':
    case '40P01':
      return failure(
        exitCode.failed,
        `Other sessions kept getting in the way: ${message}. Run the same command again.`,
      );
    case '42P01':
    case '3F000':
      return failure(
        exitCode.failed,
        `${sentence(message)} Has the schema been migrated, and is ARC_GAM_SCHEMA right? Run: arc-gam migrate`,
      );
  }
  return failure(exitCode.failed, message || String(error));
};
