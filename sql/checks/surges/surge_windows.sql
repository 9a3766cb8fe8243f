-- Surge windows computed by the method, with taps and users of their flagged hours counted in the source. Left out are
-- windows next to a day that is not judged. The stored figures are rounded.
--! table: surge_windows
--! says: windows by the method, taps and users from the source
--! key: geohash5, start_time
--! compared: window_id, end_time, tap_count, unique_users, expected_taps, surge_multiplier, area_name
--! excused: expected_taps where abs(stored.expected_taps - expected.expected_taps) <= 0.00051
--! excused: surge_multiplier where abs(stored.surge_multiplier - expected.surge_multiplier) <= 0.00501
--! excused: area_name where not expected.is_of_now
--! day: coalesce(expected.day, stored.day)
--! mark_day: coalesce(expected.day, stored.day)
--! mark_user: nobody
--: expected
select
  surge.geohash5,
  surge.start_time,
  (surge.start_time at time zone verify_clock.zone)::date as day,
  format('%s-%sZ', surge.geohash5, to_char(surge.start_time at time zone 'UTC', 'YYYYMMDD"T"HH24MI')) as window_id,
  surge.end_time,
  surge.tap_count,
  surge.unique_users,
  round(surge.expected_taps::numeric, 4) as expected_taps,
  round(least(10, (surge.tap_count + 1) / (surge.expected_taps + 1))::numeric, 4) as surge_multiplier,
  expected_area.area_name,
  expected_area.is_of_now
from verify_clock
cross join expected_surge_window as surge
join expected_area on expected_area.geohash5 = surge.geohash5
left join unjudged_surge
  on (unjudged_surge.geohash5, unjudged_surge.start_time, unjudged_surge.end_time)
    = (surge.geohash5, surge.start_time, surge.end_time)
where unjudged_surge.geohash5 is null
--: stored
select
  surge.geohash5,
  surge.start_time,
  (surge.start_time at time zone verify_clock.zone)::date as day,
  surge.window_id,
  surge.end_time,
  surge.tap_count,
  surge.unique_users,
  surge.expected_taps,
  surge.surge_multiplier,
  surge.area_name
from verify_clock
cross join surge_windows as surge
left join unjudged_surge
  on (unjudged_surge.geohash5, unjudged_surge.start_time, unjudged_surge.end_time)
    = (surge.geohash5, surge.start_time, surge.end_time)
where unjudged_surge.geohash5 is null
