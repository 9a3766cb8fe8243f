-- Taps of the cells that had five or more in an hour of a verified day: those weeks, the eight before each, and the
-- first hour of each cell, from what is stored, which is held against the source by day.
with judged as (
  select distinct area_hour.geohash5, verify_calendar.week_start
  from verify_day
  join area_hour on area_hour.day = verify_day.day
  join verify_calendar on verify_calendar.day = verify_day.day
  where not verify_day.is_stale
    and area_hour.tap_count >= 5
), needed as (
  select distinct judged.geohash5, judged.week_start - 7 * earlier.weeks as week_start
  from judged
  cross join generate_series(0, 8) as earlier (weeks)
), began as (
  select
    area.geohash5,
    (select min(first_hour.starts_at) from area_hour as first_hour where first_hour.geohash5 = area.geohash5) as starts_at
  from (select distinct judged.geohash5 from judged) as area
), found as (
  select hour.geohash5, hour.day, hour.starts_at, hour.slot, hour.tap_count, hour.user_keys
  from needed
  cross join lateral (
    -- Looked up for each cell and week, from a day before it in UTC to a day after, which holds it in any zone.
    select area_hour.*
    from area_hour
    where area_hour.geohash5 = needed.geohash5
      and area_hour.starts_at >= (needed.week_start - 1)::timestamp at time zone 'UTC'
      and area_hour.starts_at < (needed.week_start + 8)::timestamp at time zone 'UTC'
    offset 0
  ) as hour
  join verify_calendar on verify_calendar.day = hour.day and verify_calendar.week_start = needed.week_start
  union
  select area_hour.geohash5, area_hour.day, area_hour.starts_at, area_hour.slot, area_hour.tap_count, area_hour.user_keys
  from began
  join area_hour on area_hour.geohash5 = began.geohash5 and area_hour.starts_at = began.starts_at
)
insert into area_count (geohash5, day, starts_at, week_start, slot, tap_count, user_count)
select
  found.geohash5,
  found.day,
  found.starts_at,
  verify_calendar.week_start,
  found.slot,
  found.tap_count,
  cardinality(found.user_keys)
from found
join verify_calendar on verify_calendar.day = found.day
