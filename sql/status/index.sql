-- The indexes of our tables, those that nobody has read first: how often each was read since the statistics began, and
-- what it costs. An index of a constraint is needed for writing, even if nobody reads it.
select
  stat.relname::text as table_name,
  stat.indexrelname::text as index_name,
  stat.idx_scan::float8 as scan_count,
  -- PostgreSQL 16 and newer know it.
  left(to_jsonb(stat) ->> 'last_idx_scan', 10) as last_read_on,
  pg_relation_size(stat.indexrelid)::float8 as bytes,
  case
    when pg_index.indisprimary then 'primary key'
    when pg_index.indisunique then 'unique'
    else 'to read by'
  end as kind,
  not pg_index.indisunique and stat.idx_scan = 0 as is_unused
from pg_stat_user_indexes as stat
join pg_index on pg_index.indexrelid = stat.indexrelid
where stat.schemaname = current_schema()
order by is_unused desc, bytes desc, index_name
