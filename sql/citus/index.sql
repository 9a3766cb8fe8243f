-- The indexes of tables in the schema $1, as what comes after CREATE without the names of index and table; of a view
-- one by its first column. $2 names of tables and views, with commas between them.
select
  class.relname::text as name,
  format(
    '%sINDEX ON%s',
    case when pg_index.indisunique then 'UNIQUE ' end,
    substr(definition.text, strpos(definition.text, ' USING '))
  ) as definition
from pg_class as class
join pg_index on pg_index.indrelid = class.oid
cross join lateral (
  -- The schema's own name may be any.
  select replace(pg_get_indexdef(pg_index.indexrelid), quote_ident($1::text), '') as text
) as definition
where class.relnamespace = $1::text::regnamespace
  and class.relname = any (string_to_array($2::text, ','))
union all
select class.relname::text, format('INDEX ON (%I)', pg_attribute.attname)
from pg_class as class
join pg_attribute on pg_attribute.attrelid = class.oid and pg_attribute.attnum = 1
where class.relnamespace = $1::text::regnamespace
  and class.relname = any (string_to_array($2::text, ','))
  and class.relkind = 'v'
