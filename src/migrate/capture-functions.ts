import type pg from 'pg';
import { workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { filledFile } from '../sql-text.js';
import type { Source } from './source.js';

/**
 * Where capture is on, makes its functions anew for another mapping, by which every day may be another: the next run
 * looks at all of history. Throws a failure in words where the mapping names other tables than the triggers are on, and
 * where the functions are another role's.
 */
export const renewCapture = async (
  client: pg.ClientBase,
  schema: string,
  source: Pick<Source, 'taps' | 'users'>,
): Promise<void> => {
  const { rowCount } = await client.query("update setting set value = 'pending' where key = 'capture'");
  if (rowCount === 1) await makeCaptureFunctions(client, schema, source);
};

/** Makes the functions that capture's triggers call. Throws as renewCapture does. */
export const makeCaptureFunctions = async (
  client: pg.ClientBase,
  schema: string,
  { taps, users }: Pick<Source, 'taps' | 'users'>,
): Promise<void> => {
  const { rows } = await client.query<{
    oid: number;
    relation: string;
    may_renew: boolean;
    function_owner: string;
    me: string;
  }>(readPackageFile('sql/capture/trigger.sql'));
  const left = rows.find(({ oid }) => oid !== taps.oid && oid !== users.oid);
  if (left !== undefined) {
    throw workFailure(
      `Capture's triggers are on ${left.relation}, which is no longer the table that the settings name. Run first: arc-gam capture off, then: arc-gam migrate, then: arc-gam capture on. Nothing was changed.`,
    );
  }
  const foreign = rows.find(({ may_renew }) => !may_renew);
  if (foreign !== undefined) {
    throw workFailure(
      `Capture's functions have to be made anew, and they are those of '${foreign.function_owner}'. Let that role, or a superuser, give them to the schema's owner: alter function "${schema}".capture_taps() owner to ${foreign.me}; alter function "${schema}".capture_users() owner to ${foreign.me}; then run the same command again. Nothing was changed.`,
    );
  }
  const words = { schema, time: taps.key, user: users.key, taps: taps.alias, users: users.alias };
  await client.query(filledFile('sql/capture/functions.sql', words));
};
