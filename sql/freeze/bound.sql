-- The first frozen day and the day before which all of P is frozen; null: nothing is.
select
  min(frozen_day.day) as first_day,
  max(frozen_day.day) + 1 as frozen_before,
  count(*)::integer as day_count,
  coalesce(sum(frozen_day.late_tap_count), 0)::float8 as late_tap_count
from frozen_day
