-- Columns of the application's tables ($1: their names as schema.table, separated by line ends): type, whether a unique
-- index or the primary key is on the column alone, and the table that it refers to.
select
  format('%s.%s', space.nspname, class.relname) as relation,
  space.nspname as schema_name,
  class.relname as table_name,
  attribute.attname as name,
  quote_ident(attribute.attname) as sql,
  format_type(attribute.atttypid, null) as type,
  exists (
    select 1
    from pg_index
    where pg_index.indrelid = class.oid and pg_index.indisunique and pg_index.indpred is null
      and pg_index.indnkeyatts = 1 and pg_index.indkey[0] = attribute.attnum
  ) as is_unique,
  (
    select min(format('%s.%s', target_space.nspname, target.relname))
    from pg_constraint
    join pg_class as target on target.oid = pg_constraint.confrelid
    join pg_namespace as target_space on target_space.oid = target.relnamespace
    where pg_constraint.conrelid = class.oid and pg_constraint.contype = 'f'
      and pg_constraint.conkey = array[attribute.attnum]
  ) as refers_to
from pg_class as class
join pg_namespace as space on space.oid = class.relnamespace
join pg_attribute as attribute
  on attribute.attrelid = class.oid and attribute.attnum > 0 and not attribute.attisdropped
where format('%s.%s', space.nspname, class.relname) = any (string_to_array($1::text, e'\n'))
order by relation, attribute.attnum
