import { mappingOf, type Settings } from '../config.js';
import { usageFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { relationName } from './source.js';

/** The three roles of an installation. */
export interface RoleNames {
  readonly owner: string;
  readonly job: string;
  readonly reader: string;
}

/**
 * Postgres silently cuts longer names off. Quotes, backslashes and dollar signs are refused, to keep the quoting
 * simple.
 */
const rolePattern = /^[\p{L}_][\p{L}\p{N}_.@-]*$/u;

/**
 * The SQL that gives the three roles what they need: sql/roles/grants.sql with the names put in, quoted.
 * Throws a usage failure for an invalid name, a reserved one, and one that is given to two roles.
 */
export const grantsSql = (settings: Settings, roles: RoleNames): string => {
  for (const [flag, name] of Object.entries({ owner: roles.owner, job: roles.job, reader: roles.reader })) {
    if (!rolePattern.test(name) || Buffer.byteLength(name) > 63 || /^(pg_|public$|none$)/i.test(name)) {
      throw usageFailure(
        `--${flag} is '${name}', which is not a role name. Use letters, digits and _ . @ -, at most 63 bytes, for example 'arc_gam_${flag}'.`,
      );
    }
  }
  if (new Set([roles.owner, roles.job, roles.reader]).size < 3) {
    throw usageFailure(
      '--owner, --job and --reader name three different roles: one that is two of them would have the rights of both.',
    );
  }
  const mapping = mappingOf(settings.source);
  const taps = relationName(mapping, 'tapsTable');
  const users = relationName(mapping, 'usersTable');
  const values: Record<string, string> = {
    owner: roles.owner,
    job: roles.job,
    reader: roles.reader,
    database: settings.target.database,
    schema: settings.schema,
    taps_schema: taps.schema,
    taps_table: taps.table,
    users_schema: users.schema,
    users_table: users.table,
  };
  return readPackageFile('sql/roles/grants.sql').replace(
    /^(--.*)$|:(["'])(\w+)\2/gm,
    (whole, comment: string | undefined, quote: string, name: string) => {
      if (comment !== undefined)
        return comment.replace(/:"(\w+)"/g, (_, role: string) => values[role] ?? role);
      const value = values[name];
      if (value === undefined || value.includes('$') || value.includes('\\')) {
        throw usageFailure(`${whole} in sql/roles/grants.sql: '${value}' can't be put into a statement.`);
      }
      return `${quote}${value.replaceAll(quote, quote + quote)}${quote}`;
    },
  );
};
