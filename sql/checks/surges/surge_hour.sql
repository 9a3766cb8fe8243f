-- The flagged hours of the verified days that are not stale, by the method applied to counts from the source, and none
-- of a day that is not processed. The check and the step round at different places, hence the tolerance.
--! table: surge_hour
--! says: flagged hours by the method, from eight weeks of counts
--! key: geohash5, day, starts_at
--! compared: slot, tap_count, expected_taps
--! excused: expected_taps where abs(stored.expected_taps - expected.expected_taps) <= 0.00001
--! mark_day: day
--! mark_user: nobody
--: expected
select
  hour.geohash5,
  hour.day,
  hour.starts_at,
  hour.slot,
  hour.tap_count,
  round(hour.expected_taps::numeric, 6) as expected_taps
from expected_surge_hour as hour
where hour.is_flagged
--: stored
select hour.geohash5, hour.day, hour.starts_at, hour.slot, hour.tap_count, hour.expected_taps
from surge_hour as hour
left join verify_calendar on verify_calendar.day = hour.day
left join verify_day on verify_day.day = hour.day
where verify_calendar.day is null
  or not verify_day.is_stale
