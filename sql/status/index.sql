-- The indexes of our tables, those that nobody has read first: how often each was read since the statistics began, and
-- what it costs. An index of a constraint is needed for writing, even if nobody reads it. The size of one that a first
-- backfill locks is the server's estimate, as in sql/status/table.sql.
with locked_index as (
  select pg_locks.relation
  from pg_locks
  where pg_locks.locktype = 'relation'
    and pg_locks.mode = 'AccessExclusiveLock'
    and pg_locks.database = (select pg_database.oid from pg_database where pg_database.datname = current_database())
)
select
  stat.relname::text as table_name,
  stat.indexrelname::text as index_name,
  stat.idx_scan::float8 as scan_count,
  -- PostgreSQL 16 and newer know it.
  left(to_jsonb(stat) ->> 'last_idx_scan', 10) as last_read_on,
  case
    when exists (select 1 from locked_index where locked_index.relation = stat.indexrelid)
      then pg_class.relpages::float8 * current_setting('block_size')::integer
    else pg_relation_size(stat.indexrelid)::float8
  end as bytes,
  case
    when pg_index.indisprimary then 'primary key'
    when pg_index.indisunique then 'unique'
    else 'to read by'
  end as kind,
  not pg_index.indisunique and stat.idx_scan = 0 as is_unused
from pg_stat_user_indexes as stat
join pg_index on pg_index.indexrelid = stat.indexrelid
join pg_class on pg_class.oid = stat.indexrelid
where stat.schemaname = current_schema()
order by is_unused desc, bytes desc, index_name
