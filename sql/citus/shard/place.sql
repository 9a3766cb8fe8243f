-- In which table of its node each shard of each of our tables and of a batch's is: those that are spread over the
-- nodes, and those that every node has (without a number). $1 schema.
select
  pg_class.relname::text as name,
  case
    when pg_dist_partition.partmethod = 'h'
      then (
        row_number() over (
          partition by pg_class.relname order by pg_dist_shard.shardminvalue::integer
        ) - 1
      )::integer
  end as shard_no,
  format('%I.%I', pg_namespace.nspname, pg_class.relname || '_' || pg_dist_shard.shardid) as place
from pg_class
join pg_namespace on pg_namespace.oid = pg_class.relnamespace
join pg_dist_partition on pg_dist_partition.logicalrelid = pg_class.oid
join pg_dist_shard on pg_dist_shard.logicalrelid = pg_class.oid
where pg_namespace.nspname in ($1::text, $1::text || '_batch')
  and (pg_dist_partition.partmethod = 'h' or pg_dist_partition.repmodel = 't')
order by 1, 2
