import { speakOnce } from '../citus/shadows.js';
import { batchSchema, columnsOf, copyOf, distributeByShard, isOfPairs, shardsOf } from '../citus/shards.js';
import { statementsIn } from '../citus/statements.js';
import type { Session } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import { filledFile, sectionFiller } from '../sql-text.js';

/**
 * Makes the shards that the figures are spread over, and what runs statements in them, unless they are there; and lets
 * those work there who may write the ledger.
 */
export const openShards = async (session: Session, schema: string): Promise<void> => {
  await speakOnce(session);
  if (!(await hasShards(session, schema))) await makeShards(session, schema);
  for (const { statement } of await session.query<{ statement: string }>(
    readPackageFile('sql/citus/shard/grant.sql'),
    [schema],
  ))
    await session.script(statement);
};

const makeShards = async (session: Session, schema: string): Promise<void> => {
  const words = { schema: `"${schema}"`, name: schema };
  const fillIn = sectionFiller('sql/citus/shard/open.sql');
  const run = async (section: string, more: Readonly<Record<string, string>> = {}): Promise<void> => {
    for (const statement of statementsIn(fillIn(section, { ...words, ...more })))
      await session.script(statement);
  };
  for (const name of ['table', 'distribute', 'fill']) await run(name);
  const shards = await shardsOf(session, schema);
  await run('shard_of', {
    shards: shards.map(({ shard }) => shard).join(', '),
    count: String(shards.length),
  });
  for (const name of ['enter_shard', 'run_on_shard', 'rows_on_shard', 'comments']) await run(name);
  for (const { shard_no } of shards) await session.script(`create schema "${schema}_${shard_no}"`);
  await session.script(`create schema "${batchSchema(schema)}"`);
};

/** Takes the shards away. */
export const closeShards = async (session: Session, schema: string): Promise<void> => {
  await speakOnce(session);
  const shards = await shardsOf(session, schema);
  for (const statement of statementsIn(filledFile('sql/citus/shard/close.sql', { schema: `"${schema}"` })))
    await session.script(statement);
  for (const { shard_no } of shards) await session.script(`drop schema "${schema}_${shard_no}"`);
  await session.script(`drop schema "${batchSchema(schema)}"`);
};

export const hasShards = async (session: Session, schema: string): Promise<boolean> => {
  const [found] = await session.query<{ is_there: boolean }>(
    'select to_regclass($1::text) is not null as is_there',
    [`"${schema}".figure_shard`],
  );
  return found?.is_there === true;
};

/** Gives a table that is on the coordinator the column by which it is spread, and its rows their shard. */
const addShard = async (
  session: Session,
  schema: string,
  table: string,
  userColumn: string,
): Promise<void> => {
  const name = `"${schema}".${table}`;
  const keys = await keysOf(session, name, true);
  for (const { drop_statement } of keys) await session.script(drop_statement);
  const columns = await columnsOf(session, name, true);
  const [first] = await shardsOf(session, schema);
  const fillIn = sectionFiller('sql/citus/shard/move.sql');
  const words = {
    schema: `"${schema}"`,
    table: name,
    copy: copyOf(table),
    user: userColumn,
    first: String(first?.shard ?? 0),
    columns: columns.map((column) => column.name).join(', '),
    target_columns: columns.map((column) => `target.${column.name}`).join(', '),
  };
  const run = (section: string): Promise<unknown> => session.script(fillIn(section, words));
  await run('column');
  await run(userColumn.endsWith('_key') ? 'by_key' : 'by_id');
  await run('nobody');
  await session.script(`alter table ${name} alter column shard set not null`);
  for (const { create_statement } of keys) await session.script(create_statement);
  if (isOfPairs(table)) for (const section of ['copy_table', 'copy_rows']) await run(section);
};

/** Spreads a table over the shards by the shard of its user. */
export const spreadTable = async (
  session: Session,
  schema: string,
  table: string,
  userColumn: string,
): Promise<void> => {
  await addShard(session, schema, table, userColumn);
  for (const one of isOfPairs(table) ? [table, copyOf(table)] : [table]) {
    const name = `"${schema}".${one}`;
    await distributeByShard(session, schema, name);
    // The rows are copied; those that were here would stay, unseen, and take their place.
    await session.query('select truncate_local_data_after_distributing_table($1::text::regclass)', [name]);
  }
};

/** Takes the column away again from a table that is back on the coordinator. */
export const removeShard = async (session: Session, schema: string, table: string): Promise<void> => {
  const name = `"${schema}".${table}`;
  if (isOfPairs(table)) await session.script(`drop table "${schema}".${copyOf(table)}`);
  const keys = await keysOf(session, name, false);
  for (const { drop_statement } of keys) await session.script(drop_statement);
  await session.script(`alter table ${name} drop column shard`);
  for (const { create_statement } of keys) await session.script(create_statement);
};

const keysOf = (
  session: Session,
  name: string,
  isSpread: boolean,
): Promise<{ drop_statement: string; create_statement: string }[]> =>
  session.query(readPackageFile('sql/citus/shard/unique.sql'), [name, String(isSpread)]);
