import type pg from 'pg';

/**
 * What `pg_dump` would say of a schema: definitions, comments and privileges, in a fixed order. Without the tables that
 * are shards of others, unless asked for.
 */
export const definitionsOf = async (
  client: pg.ClientBase,
  schema: string,
  { withShards = false } = {},
): Promise<string[]> => {
  const isOurs = (relation: string) => (withShards ? 'true' : `${relation}::regclass::text !~ '_[0-9]{6,}$'`);
  const { rows } = await client.query<{ line: string }>(
    `select concat_ws(' ', relname, relkind, relacl, reloptions, relpersistence, obj_description(oid, 'pg_class'),
      case relkind when 'v' then pg_get_viewdef(oid) when 'i' then pg_get_indexdef(oid) end) as line
    from pg_class where relnamespace = $1::text::regnamespace and relkind in ('r', 'v', 'i') and ${isOurs('oid')}
    union all
    select concat_ws(' ', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attstorage, attgenerated,
      attacl, pg_get_expr(adbin, adrelid), col_description(attrelid, attnum))
    from pg_attribute
    join pg_class on pg_class.oid = attrelid and relkind in ('r', 'v') and relnamespace = $1::text::regnamespace
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where attnum > 0 and not attisdropped and ${isOurs('attrelid')}
    union all
    select concat_ws(' ', oid::regprocedure, proacl, pg_get_functiondef(oid), obj_description(oid, 'pg_proc'))
    from pg_proc where pronamespace = $1::text::regnamespace and proname <> 'forget_quest'
    union all
    select concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint'))
    from pg_constraint where connamespace = $1::text::regnamespace and ${isOurs('conrelid')}
    order by 1`,
    [schema],
  );
  return rows.map(({ line }) => line);
};
