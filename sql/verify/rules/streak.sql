-- What it means: docs/semantics.md#streaks.
create temp view expected_streak as
select
  latest.user_id,
  case when latest.day >= verify_clock.alive_from_day then latest.day - latest.run_started_on + 1 else 0 end
    as current_streak_days,
  case when latest.day >= verify_clock.alive_from_day_then then latest.day - latest.run_started_on + 1 else 0 end
    as current_streak_days_then,
  verify_clock.alive_from_day <> verify_clock.alive_from_day_then as has_ended_since,
  latest.longest_streak_days,
  latest.day as last_active_day,
  latest.run_started_on as streak_started_on,
  latest.last_tap_at
from (
  select distinct on (active_day.user_id)
    active_day.user_id,
    active_day.day,
    active_day.run_started_on,
    max(active_day.last_tap_at) over (partition by active_day.user_id) as last_tap_at,
    max(active_day.day - active_day.run_started_on + 1) over (partition by active_day.user_id) as longest_streak_days
  from active_day
  order by active_day.user_id, active_day.day desc
) as latest
cross join verify_clock;
