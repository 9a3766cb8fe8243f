-- Tables and views that may be the application's, as schema.table: all but those of Postgres and of schemas that
-- arc-gam made.
select format('%s.%s', space.nspname, class.relname) as name
from pg_class as class
join pg_namespace as space on space.oid = class.relnamespace
where class.relkind in ('r', 'p', 'v', 'm', 'f')
  and not class.relispartition
  and space.nspname not in ('pg_catalog', 'information_schema')
  and space.nspname not like 'pg\_toast%'
  and space.nspname not like 'pg\_temp%'
  and has_schema_privilege(space.oid, 'usage')
  and not exists (
    select 1
    from pg_class as ledger
    where ledger.relnamespace = space.oid and ledger.relname in ('processed_day', 'schema_migration')
      and space.nspname <> 'public'
  )
order by 1
