-- Taps and users of each cell and local clock hour of the batch's days.
--! reads: batch_cell, batch_day, user_key
--! writes: area_hour
--! grain: geohash5, starts_at, slot
--! values: day, tap_count, user_keys
--! order: day, geohash5, starts_at
with present as (
  -- Both users of a tap; the tap counts with the first.
  select
    batch_cell.geohash5,
    batch_cell.starts_at,
    batch_cell.slot,
    batch_cell.day,
    batch_cell.tap_count,
    key1.user_key
  from batch_cell
  join user_key as key1 on key1.user_id = batch_cell.u1
  union all
  select batch_cell.geohash5, batch_cell.starts_at, batch_cell.slot, batch_cell.day, 0, key2.user_key
  from batch_cell
  join user_key as key2 on key2.user_id = batch_cell.u2
)
select
  present.geohash5,
  present.starts_at,
  present.slot,
  present.day,
  sum(present.tap_count)::integer as tap_count,
  array_agg(distinct present.user_key order by present.user_key) as user_keys
from present
group by present.geohash5, present.starts_at, present.slot, present.day
--: stored
from area_hour as stored
join batch_day on batch_day.day = stored.day
--: noted changed_area_hour
select distinct stage.geohash5, changed_day.week
from stage
cross join lateral (
  values (week_number(stage.day)), (week_number(stage.old_day))
) as changed_day (week)
where changed_day.week is not null
