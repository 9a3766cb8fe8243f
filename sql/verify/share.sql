-- How much of each private table is looked through for rows that belong to nobody: all of it, or about 500 of its
-- pages.
-- $1 all of it, $2 seed.
insert into verify_share (table_name, percent, seed)
select
  private.table_name,
  case
    when $1::boolean then 100
    else least(100, 100 * 500.0 / greatest(1, pg_relation_size(to_regclass(private.table_name)) / 8192))
  end,
  hashtext($2::text)
from unnest(
  array[
    'pair_day', 'pair', 'activity_run', 'second_degree', 'friend_list', 'pair_day_tap', 'user_cell_day', 'user_cell', 'area_hour'
  ]
) as private (table_name)
