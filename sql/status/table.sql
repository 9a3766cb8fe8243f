-- Sizes of the tables, with the rows that the server estimates: counting them would read them. A table that was never
-- analyzed has the estimate of the statistics collector. A table that a first backfill fills without its keys is locked
-- until the batch ends, and its size waits for the lock: it is estimated, too.
with locked_table as (
  select pg_locks.relation
  from pg_locks
  where pg_locks.locktype = 'relation'
    and pg_locks.mode = 'AccessExclusiveLock'
    and pg_locks.database = (select pg_database.oid from pg_database where pg_database.datname = current_database())
)
select
  pg_class.relname::text as table_name,
  case
    when pg_class.reltuples >= 0 then pg_class.reltuples
    else pg_stat_get_live_tuples(pg_class.oid)
  end::float8 as row_estimate,
  case
    when exists (select 1 from locked_table where locked_table.relation = pg_class.oid)
      then pg_class.relpages::float8 * current_setting('block_size')::integer
    else pg_total_relation_size(pg_class.oid)::float8
  end as bytes
from pg_class
where pg_class.relnamespace = (select pg_namespace.oid from pg_namespace where pg_namespace.nspname = current_schema())
  and pg_class.relkind in ('r', 'p')
  and pg_class.relname not in ('setting', 'schema_file', 'schema_migration', 'run', 'run_step', 'stale_mark')
  and pg_class.relname not like 'gazetteer%'
order by bytes desc, table_name
