-- The first tap of a user in a cell, from all their days there. Where the days all come after those that were known
-- before ($1), a cell that is known stays as it is: which are known is asked first, before their days are read. $2 is
-- the zone.
--! reads: changed_user_cell_day, user_cell_day
--! writes: user_cell
--! grain: user_key, geohash5
--! values: first_day, first_tap_at
--! params: is_later, zone
--! spread: by_user
with changed as (
  select changed_cell.user_key, changed_cell.geohash5
  from (select distinct user_key, geohash5 from changed_user_cell_day) as changed_cell
  where not $1::boolean
    -- Asked for each cell: as a join the planner might read all cells there are for a few.
    or (
      select user_cell.user_key
      from user_cell
      where user_cell.user_key = changed_cell.user_key and user_cell.geohash5 = changed_cell.geohash5
    ) is null
)
select
  changed.user_key,
  changed.geohash5,
  (began.first_tap_at at time zone $2::text)::date as first_day,
  began.first_tap_at
from changed
cross join lateral (
  -- Likewise.
  select min(user_cell_day.first_tap_at) as first_tap_at
  from user_cell_day
  where user_cell_day.user_key = changed.user_key and user_cell_day.geohash5 = changed.geohash5
) as began
where began.first_tap_at is not null
--: stored
from (select distinct user_key, geohash5 from changed_user_cell_day) as changed
join user_cell as stored on stored.user_key = changed.user_key and stored.geohash5 = changed.geohash5
where not $1::boolean
--: noted changed_user_cell
select stage.user_key, stage.old_first_day, stage.first_day from stage
