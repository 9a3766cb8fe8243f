-- Where each table of ours is and would be, with its size: see placed.sql, which is filled in.
-- Bytes are those of its rows wherever they are now, all copies together; copies: how often a row would be stored.
-- $1 schema, $2 nodes.
{{placed}}
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
  case when placed.placement = 'reference' then $2::integer when placed.placement = 'distributed' and placed.user_column = 'u1_key' then 2 else 1 end as copies,
  case
    when placed.names_users then 'every node looks keys up in it'
    when placed.placement = 'reference' then 'read for many users at once, and the users are on every node'
    when placed.user_column in ('u1', 'u1_key') and placed.placement = 'distributed' then case placed.user_column when 'u1' then 'beside the first of its two users' else 'beside both of its users' end
    when placed.placement = 'distributed' then 'beside all else of the user'
    else 'not by user, and small'
  end as why
from placed
order by array_position(array['reference', 'distributed', 'local'], placed.placement), bytes desc, placed.table_name
