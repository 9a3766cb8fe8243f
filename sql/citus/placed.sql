-- Where each table of ours is, and where it would be if the figures were spread over the nodes as well: read off the
-- columns that name its rows. The beginning of a statement. $1 schema.
with stored as (
  select
    pg_class.relname::text as table_name,
    pg_class.oid as relation,
    greatest(pg_class.reltuples, 0)::float8 as row_estimate,
    case
      when pg_dist_partition.logicalrelid is null then 'local'
      when pg_dist_partition.partmethod = 'h'
        -- As an earlier version of ours did it.
        then case
          when column_to_column_name(pg_dist_partition.logicalrelid, pg_dist_partition.partkey) = 'shard' then 'distributed'
          else 'otherwise'
        end
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
    and pg_class.relname not in ('figure_shard', 'pair_copy', 'pair_day_copy', 'pair_day_tap_copy')
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
