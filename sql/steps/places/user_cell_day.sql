-- In which cells each user tapped on the batch's days.
--! reads: batch_cell, batch_day, user_key
--! writes: user_cell_day
--! grain: user_key, geohash5, day
--! values: first_tap_at
--! order: day, user_key, geohash5
--! spread: by_user
with visit as (
  select batch_cell.u1 as user_id, batch_cell.geohash5, batch_cell.day, batch_cell.first_tap_at from batch_cell
  union all
  select batch_cell.u2, batch_cell.geohash5, batch_cell.day, batch_cell.first_tap_at from batch_cell
)
select own_user.user_key, visit.geohash5, visit.day, min(visit.first_tap_at) as first_tap_at
from visit
join own_user on own_user.user_id = visit.user_id
group by own_user.user_key, visit.geohash5, visit.day
--: stored
from user_cell_day as stored
join batch_day on batch_day.day = stored.day
--: noted changed_user_cell_day
select distinct stage.user_key, stage.geohash5 from stage
