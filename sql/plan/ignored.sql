-- Rows of the source that the processed days ignored, by reason, taps of frozen days that came too late, and rows
-- without a finite time, which belong to no day.
select
  (
    select count(*)::float8
    from tap
    where tap.tap_time is null or tap.tap_time = 'infinity' or tap.tap_time = '-infinity'
  ) as null_time,
  coalesce(sum(processed_day.null_id_count), 0)::float8 as null_id,
  coalesce(sum(processed_day.self_tap_count), 0)::float8 as self_tap,
  coalesce(sum(processed_day.unknown_user_count), 0)::float8 as unknown_user,
  (select coalesce(sum(frozen_day.late_tap_count), 0)::float8 from frozen_day) as frozen_day
from processed_day
