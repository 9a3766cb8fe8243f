-- Taps of every cell and local clock hour, from the source; on days that are stale from what is stored. Distinct
-- users are counted only where there are enough taps for a surge.
with hour as (
  select
    source_cell.geohash5,
    source_cell.day,
    source_cell.starts_at,
    verify_calendar.days_after_monday * 24 + source_cell.hour as slot,
    sum(source_cell.tap_count) as tap_count
  from source_cell
  join verify_day on verify_day.day = source_cell.day and not verify_day.is_stale
  join verify_calendar on verify_calendar.day = source_cell.day
  group by 1, 2, 3, 4
), crowd as (
  select source_cell.geohash5, source_cell.day, source_cell.starts_at, count(distinct visitor.user_id) as user_count
  from hour
  join source_cell
    on source_cell.geohash5 = hour.geohash5
    and source_cell.day = hour.day
    and source_cell.starts_at = hour.starts_at
  cross join lateral (values (source_cell.u1), (source_cell.u2)) as visitor (user_id)
  where hour.tap_count >= 5
  group by source_cell.geohash5, source_cell.day, source_cell.starts_at
), found as (
  select
    hour.geohash5,
    hour.day,
    hour.starts_at,
    hour.slot,
    hour.tap_count,
    coalesce(crowd.user_count, 0) as user_count
  from hour
  left join crowd
    on crowd.geohash5 = hour.geohash5
    and crowd.day = hour.day
    and crowd.starts_at = hour.starts_at
  union all
  select
    area_hour.geohash5,
    area_hour.day,
    area_hour.starts_at,
    area_hour.slot,
    area_hour.tap_count,
    cardinality(area_hour.user_keys)
  from verify_day
  join area_hour on area_hour.day = verify_day.day
  where verify_day.is_stale
)
insert into area_count (geohash5, day, starts_at, week_start, slot, tap_count, user_count)
select
  found.geohash5,
  found.day,
  found.starts_at,
  verify_calendar.week_start,
  found.slot,
  found.tap_count,
  found.user_count
from found
join verify_calendar on verify_calendar.day = found.day
