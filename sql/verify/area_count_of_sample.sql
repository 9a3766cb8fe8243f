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
  select area_hour.geohash5, area_hour.day, area_hour.starts_at, area_hour.slot, area_hour.tap_count, area_hour.user_keys
  from verify_clock
  cross join needed
  join area_hour
    on area_hour.geohash5 = needed.geohash5
    and area_hour.starts_at >= needed.week_start::timestamp at time zone verify_clock.zone - interval '3 hours'
    and area_hour.starts_at < (needed.week_start + 7)::timestamp at time zone verify_clock.zone + interval '3 hours'
    and area_hour.day between needed.week_start and needed.week_start + 6
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
