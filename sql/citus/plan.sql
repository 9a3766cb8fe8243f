-- Where each table of ours would be if the figures were spread over the nodes as well: read off the columns that name
-- its rows.
-- Bytes are those of today on this server; copies: how often a row would be stored. $1 schema, $2 nodes.
with stored as (
  select
    pg_class.relname::text as table_name,
    greatest(pg_class.reltuples, 0)::float8 as row_estimate,
    pg_total_relation_size(pg_class.oid)::float8 as bytes,
    coalesce(key.columns, '{}') as key_columns,
    (
      select count(*)
      from pg_attribute
      where pg_attribute.attrelid = pg_class.oid
        and pg_attribute.attname in ('user_id', 'user_key')
        and not pg_attribute.attisdropped
    ) = 2 as names_users
  from pg_class
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
      when stored.names_users then 'reference'
      when stored.key_columns && array['user_key', 'user_id', 'u1_key', 'u1'] then 'distributed'
      else 'local'
    end as placement,
    case
      when stored.names_users then null
      when 'user_key' = any (stored.key_columns) then 'user_key'
      when 'user_id' = any (stored.key_columns) then 'user_id'
      when 'u1_key' = any (stored.key_columns) then 'u1_key'
      when 'u1' = any (stored.key_columns) then 'u1'
    end as user_column
  from stored
)
select
  placed.table_name as "table",
  placed.placement,
  placed.user_column as "user column",
  placed.row_estimate as rows,
  placed.bytes,
  case when placed.placement = 'reference' then $2::integer when placed.user_column = 'u1_key' then 2 else 1 end as copies,
  case
    when placed.placement = 'reference' then 'every node looks keys up in it'
    when placed.user_column = 'u1_key' then 'a row for each of the two users, each beside all else of that user'
    when placed.user_column = 'u1' then 'derived from the rows of the pair that are u1''s'
    when placed.user_column = 'user_id' then 'beside all else of the user, by the key that user_key has for the id'
    when placed.placement = 'distributed' then 'beside all else of the user'
    else 'not by user, and small'
  end as why
from placed
order by array_position(array['distributed', 'reference', 'local'], placed.placement), placed.bytes desc, placed.table_name
