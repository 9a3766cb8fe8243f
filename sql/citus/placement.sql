-- Where the rows of the application's taps and users are: each table that $1 (of taps) and $2 (of users) read, through
-- views where they are some, with its placement in the Citus cluster. missing_nodes: nodes without their copy of a
-- table that every node should have one of.
with recursive read_relation as (
  select given.role, given.relation::oid as relation
  from (values ('taps', $1::text::regclass), ('users', $2::text::regclass)) as given (role, relation)
  union
  select read_relation.role, pg_depend.refobjid
  from read_relation
  join pg_rewrite on pg_rewrite.ev_class = read_relation.relation
  join pg_depend
    on pg_depend.classid = 'pg_rewrite'::regclass
    and pg_depend.objid = pg_rewrite.oid
    and pg_depend.refclassid = 'pg_class'::regclass
    and pg_depend.refobjid <> pg_rewrite.ev_class
), placed as (
  select
    read_relation.role,
    pg_class.oid::regclass::text as name,
    case
      when pg_dist_partition.logicalrelid is null then 'local'
      when pg_dist_partition.partmethod <> 'n' then 'distributed'
      when pg_dist_partition.repmodel = 't' then 'reference'
      when pg_dist_partition.colocationid = 0 then 'local'
      else 'distributed'
    end as placement,
    case
      when pg_dist_partition.partkey is not null
        then column_to_column_name(pg_dist_partition.logicalrelid, pg_dist_partition.partkey)
    end as distribution_column,
    pg_class.oid as relation
  from read_relation
  join pg_class on pg_class.oid = read_relation.relation and pg_class.relkind in ('r', 'p', 'f', 'm')
  left join pg_dist_partition on pg_dist_partition.logicalrelid = pg_class.oid
)
select
  placed.role,
  placed.name,
  placed.placement,
  placed.distribution_column,
  (select count(*)::integer from pg_dist_shard where pg_dist_shard.logicalrelid = placed.relation) as shard_count,
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
order by placed.role, placed.name
