import type pg from 'pg';
import { workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';

/**
 * Lets the transaction go on as the role that owns the schema, where this role may and is another: what it makes is the
 * owner's then, whoever runs the command. Returns the statement that goes back to this role, empty where it stayed.
 * Throws, naming the owner, where this role may not change the schema.
 */
export const actAsOwner = async (client: pg.ClientBase, schema: string, command: string): Promise<string> => {
  const { rows } = await client.query<{ owner: string; me: string; may_act: boolean; may: boolean }>(
    readPackageFile('sql/source/schema_owner.sql'),
    [schema],
  );
  if (rows[0] === undefined) return '';
  const { owner, me, may_act: mayAct, may } = rows[0];
  if (!mayAct && !may) {
    throw workFailure(
      `'${me}' may not change the schema '${schema}': it belongs to '${owner}'. Run ${command} as that role. Nothing was changed.`,
    );
  }
  if (!mayAct) return '';
  await client.query(`set local role ${client.escapeIdentifier(owner)}`);
  return `set local role ${client.escapeIdentifier(me)}`;
};
