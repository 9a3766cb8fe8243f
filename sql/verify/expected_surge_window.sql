-- Flagged hours with at most one hour between them are a window; what lies between them counts nowhere.
with flagged as (
  select
    hour.geohash5,
    hour.day,
    hour.starts_at,
    hour.tap_count,
    hour.expected_taps,
    not exists (
      select 1
      from expected_surge_hour as earlier
      where earlier.is_flagged
        and earlier.geohash5 = hour.geohash5
        and earlier.starts_at >= hour.starts_at - interval '2 hours'
        and earlier.starts_at < hour.starts_at
    ) as is_head
  from expected_surge_hour as hour
  where hour.is_flagged
), placed as (
  select
    flagged.geohash5,
    flagged.day,
    flagged.starts_at,
    flagged.tap_count,
    flagged.expected_taps,
    (
      select max(head.starts_at)
      from flagged as head
      where head.is_head and head.geohash5 = flagged.geohash5 and head.starts_at <= flagged.starts_at
    ) as start_time
  from flagged
), summed as (
  select
    placed.geohash5,
    placed.start_time,
    max(placed.starts_at) + interval '1 hour' as end_time,
    sum(placed.tap_count) as tap_count,
    sum(placed.expected_taps) as expected_taps
  from placed
  group by placed.geohash5, placed.start_time
), crowd as (
  select placed.geohash5, placed.start_time, count(distinct visitor.user_id) as unique_users
  from placed
  join source_cell
    on source_cell.geohash5 = placed.geohash5
    and source_cell.day = placed.day
    and source_cell.starts_at = placed.starts_at
  cross join lateral (values (source_cell.u1), (source_cell.u2)) as visitor (user_id)
  group by placed.geohash5, placed.start_time
)
insert into expected_surge_window (geohash5, start_time, end_time, tap_count, expected_taps, unique_users)
select
  summed.geohash5,
  summed.start_time,
  summed.end_time,
  summed.tap_count,
  summed.expected_taps,
  crowd.unique_users
from summed
join crowd on crowd.geohash5 = summed.geohash5 and crowd.start_time = summed.start_time
