-- Where each table of ours is, and where it would be if the figures were spread over the nodes as well: read off the
-- columns that name its rows.
-- Bytes are those of its rows wherever they are now, all copies together; copies: how often a row would be stored.
-- $1 schema, $2 nodes.
with stored as (
  select
    pg_class.relname::text as table_name,
    pg_class.oid as relation,
    greatest(pg_class.reltuples, 0)::float8 as row_estimate,
    case
      when pg_dist_partition.logicalrelid is null then 'local'
      when pg_dist_partition.partmethod = 'h' then 'distributed'
      when pg_dist_partition.repmodel = 't' then 'reference'
      else 'local'
    end as placement_now,
    coalesce(key.columns, '{}') as key_columns,
    (
      select count(*)
      from pg_attribute
      where pg_attribute.attrelid = pg_class.oid
        and pg_attribute.attname in ('user_id', 'user_key')
        and not pg_attribute.attisdropped
    ) = 2 as names_users
  from pg_class
  left join pg_dist_partition on pg_dist_partition.logicalrelid = pg_class.oid
  left join (
    select pg_constraint.conrelid, array_agg(pg_attribute.attname::text order by pg_attribute.attnum) as columns
    from pg_constraint
    join pg_attribute
      on pg_attribute.attrelid = pg_constraint.conrelid
      and pg_attribute.attnum = any (pg_constraint.conkey)
    where pg_constraint.contype = 'p'
    group by pg_constraint.conrelid
  ) as key on key.conrelid = pg_class.oid
  where pg_class.relnamespace = $1::text::regnamespace
    and pg_class.relkind = 'r'
), placed as (
  select
    stored.*,
    case
      when stored.names_users or stored.table_name in ('friend_list', 'home_location_struct') then 'reference'
      -- Nothing is frozen where taps are spread.
      when stored.table_name = 'frozen_cell' then 'local'
      when stored.key_columns && array['user_key', 'user_id', 'u1_key', 'u1'] then 'distributed'
      else 'local'
    end as placement,
    case
      when 'user_key' = any (stored.key_columns) then 'user_key'
      when 'user_id' = any (stored.key_columns) then 'user_id'
      when 'u1_key' = any (stored.key_columns) then 'u1_key'
      when 'u1' = any (stored.key_columns) then 'u1'
    end as user_column
  from stored
)
select
  placed.table_name as "table",
  placed.placement_now as now,
  placed.placement,
  case when placed.placement = 'distributed' then placed.user_column end as "user column",
  placed.row_estimate as rows,
  case
    when placed.placement_now = 'local' then pg_total_relation_size(placed.relation)
    else citus_total_relation_size(placed.relation, fail_on_error => false)
  end::float8 as bytes,
  case when placed.placement = 'reference' then $2::integer else 1 end as copies,
  case
    when placed.names_users then 'every node looks keys up in it'
    when placed.placement = 'reference' then 'read for many users at once, and the users are on every node'
    when placed.user_column in ('u1', 'u1_key') and placed.placement = 'distributed' then 'by the first of the pair''s two users'
    when placed.placement = 'distributed' then 'beside all else of the user that has the same key'
    else 'not by user, and small'
  end as why
from placed
order by array_position(array['reference', 'distributed', 'local'], placed.placement), bytes desc, placed.table_name
