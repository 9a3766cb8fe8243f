-- Where the rows of our own tables are, as far as not all of them are on this server: those of the schema $1 that are
-- distributed over the cluster or kept on every node, and the views that read a distributed one. missing_nodes as in
-- placement.sql. local_shard: of a table that every node has, the table that this server's rows are in.
with recursive placed as (
  select
    pg_class.oid as relation,
    pg_class.relname::text as name,
    case when pg_dist_partition.partmethod = 'h' then 'distributed' else 'reference' end as placement
  from pg_class
  join pg_dist_partition on pg_dist_partition.logicalrelid = pg_class.oid
  where pg_class.relnamespace = $1::text::regnamespace
    and pg_class.relkind = 'r'
    and pg_class.relname not in ('figure_shard', 'pair_copy', 'pair_day_copy', 'pair_day_tap_copy')
    and (pg_dist_partition.partmethod = 'h' or pg_dist_partition.repmodel = 't')
), reader as (
  select placed.relation from placed where placed.placement = 'distributed'
  union
  select pg_rewrite.ev_class
  from reader
  join pg_depend
    on pg_depend.classid = 'pg_rewrite'::regclass
    and pg_depend.refclassid = 'pg_class'::regclass
    and pg_depend.refobjid = reader.relation
  join pg_rewrite on pg_rewrite.oid = pg_depend.objid and pg_rewrite.ev_class <> reader.relation
)
select
  placed.name,
  placed.placement,
  null::text as definition,
  case
    when placed.placement = 'reference'
      then (
        select shard_name(pg_dist_shard.logicalrelid, pg_dist_shard.shardid)
        from pg_dist_shard
        where pg_dist_shard.logicalrelid = placed.relation
      )
  end as local_shard,
  case
    when placed.placement = 'reference'
      then (
        select string_agg(format('%s:%s', pg_dist_node.nodename, pg_dist_node.nodeport), ' and ' order by pg_dist_node.groupid)
        from pg_dist_node
        join pg_dist_shard on pg_dist_shard.logicalrelid = placed.relation
        left join pg_dist_placement
          on pg_dist_placement.shardid = pg_dist_shard.shardid
          and pg_dist_placement.groupid = pg_dist_node.groupid
          and pg_dist_placement.shardstate = 1
        where pg_dist_node.noderole = 'primary'
          and pg_dist_node.isactive
          and pg_dist_placement.shardid is null
      )
  end as missing_nodes
from placed
union all
select pg_class.relname::text, 'view', pg_get_viewdef(pg_class.oid), null, null
from reader
join pg_class
  on pg_class.oid = reader.relation
  and pg_class.relkind = 'v'
  and pg_class.relnamespace = $1::text::regnamespace
