import type pg from 'pg';

/** A stored table as it is compared: its columns, private keys read as the users that they stand for. */
export interface Figures {
  readonly table: string;
  /** A query of the table's rows in a schema, without what says when or by which run they were written. */
  of(schema: string): string;
  /** Columns of the primary key. */
  readonly keys: readonly string[];
  readonly columns: readonly string[];
}

/**
 * What is not derived: the runs' own notes, migrate's, what the operator or the package brings, and what a cluster has
 * besides.
 */
const notDerived =
  /^(figure_shard|pair_copy|pair_day_copy|pair_day_tap_copy|run|run_step|setting|schema_file|schema_migration|stale_mark|captured_day|change_queue|derived_step|follow_minute|frozen_day|frozen_cell|quest_definitions|gazetteer_.*)$/;

/**
 * When, or by which run, a row was written is no figure; nor is what the database itself takes out of friends, or where
 * a row is.
 */
const notFigures = new Set(['last_updated_at', 'run_id', 'steps_sha256', 'friend_keys', 'weeks', 'shard']);

/**
 * Every stored table of a schema that a run derives, whatever it is called: a table that is added later is compared as
 * well.
 */
export const allFigures = async (client: pg.ClientBase, schema: string): Promise<Figures[]> => {
  const { rows } = await client.query<{ name: string; columns: string; keys: string | null }>(
    `select
       pg_class.relname as name,
       string_agg(pg_attribute.attname, ',' order by pg_attribute.attnum) as columns,
       string_agg(pg_attribute.attname, ',' order by pg_attribute.attnum)
         filter (where pg_attribute.attnum = any (key.conkey)) as keys
     from pg_class
     join pg_attribute on pg_attribute.attrelid = pg_class.oid
     left join pg_constraint as key on key.conrelid = pg_class.oid and key.contype = 'p'
     where pg_class.relnamespace = $1::text::regnamespace
       and pg_class.relkind = 'r'
       and pg_attribute.attnum > 0
       and not pg_attribute.attisdropped
     group by pg_class.relname
     order by pg_class.relname`,
    [schema],
  );
  return rows
    .filter(({ name }) => !notDerived.test(name))
    .map(({ name, ...lists }) => {
      const columns = lists.columns.split(',');
      const compared = columns.filter(
        // The number itself is private: whose it is, is the figure.
        (column) => !notFigures.has(column) && !(name === 'user_key' && column === 'user_key'),
      );
      return {
        table: name,
        keys: lists.keys?.split(',').filter((column) => !notFigures.has(column)) ?? [],
        columns,
        of: (from: string) =>
          `select ${compared.map((column) => read(column, from)).join(', ')} from ${from}.${name} as compared`,
      };
    });
};

const read = (column: string, schema: string): string => {
  if (/(^|_)key$/.test(column))
    return `coalesce((select user_key.user_id::text from ${schema}.user_key where user_key.user_key = compared.${column}), 'nobody') as ${column}`;
  if (column === 'user_keys')
    return `(select array_agg(user_key.user_id order by user_key.user_id) from ${schema}.user_key where user_key.user_key = any (compared.user_keys)) as user_keys`;
  if (column === 'friends')
    return `(select array_agg((user_key.user_id, entry.first_day) order by user_key.user_id) from ${schema}.friend_entry(compared.friends) as entry left join ${schema}.user_key on user_key.user_key = entry.friend_key) as friends`;
  return `compared.${column}`;
};

/**
 * Of days that one of the schemas froze, the ledger keeps of the source what it was: without the taps nobody knows the
 * digests less those of people who were erased, or which strangers there were. Their valid taps are compared.
 */
const withoutFrozen =
  ({ table, of }: Figures, frozenBefore: string) =>
  (schema: string) => {
    const rows = `(${of(schema)}) as compared`;
    if (table === 'unknown_user_day') return `select * from ${rows} where day >= '${frozenBefore}'`;
    if (table !== 'processed_day') return of(schema);
    return `select day, tap_count, case when day >= '${frozenBefore}' then compared::text end as source from ${rows}`;
  };

/**
 * Rows that only one of two schemas has, at most three of each side and table: `table: missing (...)`. `frozenBefore`:
 * the first day that is not frozen in one of them.
 */
export const differencesOf = async (
  client: pg.ClientBase,
  lived: string,
  expected: string,
  frozenBefore = '-infinity',
): Promise<string[]> => {
  const wrong: string[] = [];
  for (const figures of await allFigures(client, expected)) {
    const { table } = figures;
    const of = withoutFrozen(figures, frozenBefore);
    const { rows } = await client.query<{ side: string; row: string }>(
      `(select 'unexpected' as side, extra::text as row from (${of(lived)} except all ${of(expected)}) as extra limit 3)
       union all
       (select 'missing', lack::text from (${of(expected)} except all ${of(lived)}) as lack limit 3)`,
    );
    for (const { side, row } of rows) wrong.push(`${table}: ${side} ${row}`);
  }
  return wrong;
};

/**
 * Rows of each table that a run derives, and the sum of their 64-bit hashes: for schemas that no one statement can ask.
 * Two that differ have the same sum only by an unlikely chance.
 */
export const digestsOf = async (
  client: pg.ClientBase,
  schema: string,
): Promise<{ table: string; rows: string; digest: string }[]> => {
  const digests = [];
  for (const { table, of } of await allFigures(client, schema)) {
    const { rows } = await client.query<{ rows: string; digest: string }>(
      `select count(*) as rows, coalesce(sum(hashtextextended(compared::text, 0)), 0) as digest
       from (${of(schema)}) as compared`,
    );
    digests.push(...rows.map((found) => ({ table, ...found })));
  }
  return digests;
};
