-- The indexes of the tables in the schema $1, without the names of index and table; of a view one by its first column.
select
  class.relname::text as name,
  pg_index.indisunique as is_unique,
  substr(indexed.definition, strpos(indexed.definition, indexed.place) + length(indexed.place)) as definition
from pg_class as class
join pg_index on pg_index.indrelid = class.oid
cross join lateral (
  select pg_get_indexdef(pg_index.indexrelid) as definition, format(' ON %I.%I ', $1::text, class.relname) as place
) as indexed
where class.relnamespace = $1::text::regnamespace
union all
select class.relname::text, false, format('(%I)', pg_attribute.attname)
from pg_class as class
join pg_attribute on pg_attribute.attrelid = class.oid and pg_attribute.attnum = 1
where class.relnamespace = $1::text::regnamespace and class.relkind = 'v'
