-- The table or view $2 of the schema $1.
select class.oid, class.relkind::text as kind
from pg_class as class
join pg_namespace as space on space.oid = class.relnamespace
where space.nspname = $1
  and class.relname = $2
  and class.relkind in ('r', 'p', 'v', 'm', 'f')
