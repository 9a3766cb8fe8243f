-- Sizes of those of our tables ($1 schema) that are spread over the nodes of a cluster, with the rows that the nodes
-- estimate. A table that every node has counts once for its rows and with all copies for its bytes.
select
  pg_class.relname::text as table_name,
  coalesce(
    (
      select
        case
          when pg_dist_partition.partmethod = 'h' then sum(answer.result::float8)
          else avg(answer.result::float8)
        end
      from run_command_on_shards(
        pg_class.oid,
        'select case when reltuples >= 0 then reltuples else pg_stat_get_live_tuples(oid) end from pg_class where oid = ''%s''::regclass'
      ) as answer
      where answer.success
    ),
    0
  )::float8 as row_estimate,
  citus_total_relation_size(pg_class.oid, fail_on_error => false)::float8 as bytes
from pg_class
join pg_dist_partition
  on pg_dist_partition.logicalrelid = pg_class.oid
  and (pg_dist_partition.partmethod = 'h' or pg_dist_partition.repmodel = 't')
where pg_class.relnamespace = $1::text::regnamespace
  and pg_class.relkind = 'r'
