-- Taps of every cell and local clock hour, from the source; on days that are stale from what is stored. People are
-- counted only where there may be a crowd. $1 zone.
with hour as (
  select source_cell.geohash5, source_cell.starts_at, source_cell.day, sum(source_cell.tap_count) as tap_count
  from source_cell
  join verify_day on verify_day.day = source_cell.day and not verify_day.is_stale
  group by source_cell.geohash5, source_cell.starts_at, source_cell.day
), crowd as (
  select source_cell.geohash5, source_cell.starts_at, count(distinct visitor.user_id) as user_count
  from hour
  join source_cell on source_cell.geohash5 = hour.geohash5 and source_cell.starts_at = hour.starts_at
  cross join lateral (values (source_cell.u1), (source_cell.u2)) as visitor (user_id)
  where hour.tap_count >= 5
  group by source_cell.geohash5, source_cell.starts_at
), known as (
  select hour.geohash5, hour.starts_at, hour.day, hour.tap_count, coalesce(crowd.user_count, 0) as user_count
  from hour
  left join crowd on crowd.geohash5 = hour.geohash5 and crowd.starts_at = hour.starts_at
  union all
  select
    area_hour.geohash5,
    area_hour.starts_at,
    area_hour.day,
    area_hour.tap_count,
    cardinality(area_hour.user_keys)
  from verify_day
  join area_hour on area_hour.day = verify_day.day
  where verify_day.is_stale
), weekday as (
  select
    known.geohash5,
    known.starts_at,
    known.day,
    ((known.day - date '2001-01-01') % 7 + 7) % 7 as days_after_monday,
    known.tap_count,
    known.user_count
  from known
)
insert into area_count (geohash5, starts_at, day, week_start, slot, tap_count, user_count)
select
  weekday.geohash5,
  weekday.starts_at,
  weekday.day,
  weekday.day - weekday.days_after_monday,
  weekday.days_after_monday * 24 + date_part('hour', weekday.starts_at at time zone $1::text),
  weekday.tap_count,
  weekday.user_count
from weekday
