-- The first tap of a user in a cell, from all their days there. Where the days all come after those that were known
-- before ($1), a cell that is known stays as it is. $2 zone.
--! reads: changed_user_cell_day, user_cell_day
--! writes: user_cell
--! grain: user_key, geohash5
--! values: first_day, first_tap_at
--! params: is_later, zone
with changed as (
  select changed_cell.user_key, changed_cell.geohash5
  from (select distinct user_key, geohash5 from changed_user_cell_day) as changed_cell
  left join user_cell as known on known.user_key = changed_cell.user_key and known.geohash5 = changed_cell.geohash5
  where known.user_key is null or not $1::boolean
)
select
  user_cell_day.user_key,
  user_cell_day.geohash5,
  (min(user_cell_day.first_tap_at) at time zone $2::text)::date as first_day,
  min(user_cell_day.first_tap_at) as first_tap_at
from changed
join user_cell_day on user_cell_day.user_key = changed.user_key and user_cell_day.geohash5 = changed.geohash5
group by user_cell_day.user_key, user_cell_day.geohash5
--: stored
from (select distinct user_key, geohash5 from changed_user_cell_day) as changed
join user_cell as stored on stored.user_key = changed.user_key and stored.geohash5 = changed.geohash5
where not $1::boolean
--: noted changed_user_cell
select stage.user_key, stage.old_first_day, stage.first_day from stage
--: slice user_cell_day
(user_cell_day.user_key, user_cell_day.geohash5) in (
    select changed_user_cell_day.user_key, changed_user_cell_day.geohash5 from changed_user_cell_day
  )
--: slice user_cell
(user_cell.user_key, user_cell.geohash5) in (
    select changed_user_cell_day.user_key, changed_user_cell_day.geohash5 from changed_user_cell_day
  )
