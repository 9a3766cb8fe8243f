-- Windows, expected or stored, that may have an hour on a processed day that is not judged: within two hours before
-- their start or one after their end.
-- What it means: docs/semantics.md#surges.
create temp view unjudged_surge as
select distinct surge.geohash5, surge.start_time, surge.end_time
from (
  select
    processed_day.day::timestamp at time zone verify_clock.zone as starts_at,
    (processed_day.day + 1)::timestamp at time zone verify_clock.zone as ends_at
  from verify_clock
  cross join processed_day
  left join verify_day on verify_day.day = processed_day.day
  where verify_day.is_stale is not false
) as unjudged
join (
  select geohash5, start_time, end_time from expected_surge_window
  union
  select geohash5, start_time, end_time from surge_windows
) as surge
  on surge.end_time + interval '1 hour' >= unjudged.starts_at
  and surge.start_time - interval '2 hours' < unjudged.ends_at;
