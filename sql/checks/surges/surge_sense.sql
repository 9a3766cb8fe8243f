-- What must hold of every surge, on stale days too: no window has fewer than five users, and windows of one area are at
-- least an hour apart.
--! table: surge_windows
--! says: five users or more, a multiplier of 1.5, no overlap
--! key: window_id
--! day: day
--! mark_day: day
--! mark_user: nobody
--: broken
select surge.window_id, surge.day, rule.column_name, rule.stored, rule.expected
from (
  select
    surge_windows.window_id,
    surge_windows.start_time,
    surge_windows.end_time,
    surge_windows.surge_multiplier,
    surge_windows.tap_count,
    surge_windows.unique_users,
    (surge_windows.start_time at time zone verify_clock.zone)::date as day,
    lag(surge_windows.end_time) over (partition by surge_windows.geohash5 order by surge_windows.start_time)
      as earlier_end_time
  from verify_clock
  cross join surge_windows
) as surge
cross join lateral (
  values
    (surge.unique_users >= 5, 'unique_users', surge.unique_users::text, '5 or more'),
    (
      surge.unique_users <= 2 * surge.tap_count,
      'unique_users',
      surge.unique_users::text,
      format('at most %s, two a tap', 2 * surge.tap_count)
    ),
    (surge.surge_multiplier >= 1.5, 'surge_multiplier', surge.surge_multiplier::text, '1.5 or more'),
    (
      surge.end_time >= surge.start_time + interval '1 hour',
      'end_time',
      surge.end_time::text,
      'an hour after its start or later'
    ),
    (
      coalesce(surge.start_time - surge.earlier_end_time > interval '1 hour', true),
      'start_time',
      surge.start_time::text,
      format('more than an hour after %s, when an earlier window of the area ends', surge.earlier_end_time)
    ),
    (
      surge.day in (select verify_calendar.day from verify_calendar),
      'start_time',
      surge.start_time::text,
      'a time on a processed day'
    )
) as rule (holds, column_name, stored, expected)
where rule.holds is not true
