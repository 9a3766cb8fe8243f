-- Longest, latest and running streak of the users whose days changed, or whose streak the passing of time has broken.
-- $1 is L; $2 is the earliest last day of a run that is still alive: L, or L - 1 while day L lasts.
-- What it means: docs/semantics.md#streaks.
--! reads: streak_scope, activity_run, pair_day
--! writes: user_streaks
--! grain: user_id
--! values: current_streak_days, longest_streak_days, last_active_day, streak_started_on, last_tap_at
--! params: as_of_day, alive_from_day
with scope_user as (
  select
    streak_scope.user_key,
    streak_scope.user_id,
    (
      select max(activity_run.ended_on)
      from activity_run
      where activity_run.user_key = streak_scope.user_key and activity_run.ended_on <= $1::date
    ) as last_active_day,
    (
      select max(activity_run.ended_on - activity_run.started_on) + 1
      from activity_run
      where activity_run.user_key = streak_scope.user_key
    ) as longest_streak_days
  from streak_scope
), last_day as (
  select distinct last_active_day as day from scope_user
), last_day_tap as (
  select pair_day.u1_key as user_key, pair_day.day, pair_day.last_tap_at
  from last_day
  join pair_day on pair_day.day = last_day.day
  union all
  select pair_day.u2_key, pair_day.day, pair_day.last_tap_at
  from last_day
  join pair_day on pair_day.day = last_day.day
)
select
  scope_user.user_id,
  case
    when scope_user.last_active_day >= $2::date then scope_user.last_active_day - activity_run.started_on + 1
    else 0
  end as current_streak_days,
  scope_user.longest_streak_days,
  scope_user.last_active_day,
  activity_run.started_on as streak_started_on,
  max(last_day_tap.last_tap_at) as last_tap_at
from scope_user
join activity_run
  on activity_run.user_key = scope_user.user_key and activity_run.ended_on = scope_user.last_active_day
join last_day_tap
  on last_day_tap.user_key = scope_user.user_key and last_day_tap.day = scope_user.last_active_day
group by
  scope_user.user_id,
  scope_user.longest_streak_days,
  scope_user.last_active_day,
  activity_run.started_on
--: stored
from streak_scope
join user_streaks as stored on stored.user_id = streak_scope.user_id
--: slice activity_run
activity_run.user_key in (select streak_scope.user_key from streak_scope)
--: slice pair_day
pair_day.day in (select activity_run.ended_on from activity_run where activity_run.user_key in (select streak_scope.user_key from streak_scope))
  and (pair_day.u1_key in (select streak_scope.user_key from streak_scope) or pair_day.u2_key in (select streak_scope.user_key from streak_scope))
--: slice user_streaks
user_streaks.user_id in (select streak_scope.user_id from streak_scope)
