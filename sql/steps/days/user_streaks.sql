-- Longest, latest and running streak of the users whose days changed, or whose streak the passing of time has broken.
-- Of a day that was the last of many everything is read, of one that was the last of a few only their own pairs.
-- Where the clock was set back between two noons, the latest tap may be of the day before the last one.
-- $1 is L; $2 is the earliest last day of a run that is still alive: L, or L - 1 while day L lasts; $3 the zone.
-- What it means: docs/semantics.md#streaks.
--! reads: streak_scope, activity_run, processed_day, pair, pair_day
--! writes: user_streaks
--! grain: user_id
--! values: current_streak_days, longest_streak_days, last_active_day, streak_started_on, last_tap_at
--! params: as_of_day, alive_from_day, zone
--! spread: by_user
with scope_user as (
  select
    streak_scope.user_key,
    streak_scope.user_id,
    latest.ended_on as last_active_day,
    latest.started_on as streak_started_on,
    (
      select max(activity_run.ended_on - activity_run.started_on) + 1
      from activity_run
      where activity_run.user_key = streak_scope.user_key
    ) as longest_streak_days
  from streak_scope
  cross join lateral (
    select activity_run.ended_on, activity_run.started_on
    from activity_run
    where activity_run.user_key = streak_scope.user_key and activity_run.ended_on <= $1::date
    order by activity_run.ended_on desc
    limit 1
  ) as latest
), last_day as (
  select
    counted.day,
    tapped.day as tapped_day,
    counted.user_count
      > greatest(coalesce(processed_day.tap_count, 0) / 100, least(coalesce(processed_day.tap_count, 0), 3)) as is_whole
  from (select last_active_day as day, count(*) as user_count from scope_user group by last_active_day) as counted
  left join processed_day on processed_day.day = counted.day
  cross join lateral (select counted.day::timestamp + interval '12 hours' as noon) as here
  cross join lateral (
    select counted.day
    union all
    select counted.day - 1
    where here.noon at time zone $3::text - (here.noon - interval '1 day') at time zone $3::text > interval '24 hours'
  ) as tapped (day)
), last_day_tap as (
  select pair_day.u1_key as user_key, last_day.day, pair_day.last_tap_at
  from last_day
  join pair_day on pair_day.day = last_day.tapped_day
  where last_day.is_whole
  union all
  select pair_day.u2_key, last_day.day, pair_day.last_tap_at
  from last_day
  join pair_day on pair_day.day = last_day.tapped_day
  where last_day.is_whole
  union all
  select scope_user.user_key, last_day.day, pair.last_tap_at
  from last_day
  join scope_user on scope_user.last_active_day = last_day.day
  join pair on pair.u1_key = scope_user.user_key and pair.last_day = last_day.tapped_day
  where not last_day.is_whole
  union all
  select scope_user.user_key, last_day.day, pair.last_tap_at
  from last_day
  join scope_user on scope_user.last_active_day = last_day.day
  join pair on pair.u2_key = scope_user.user_key and pair.last_day = last_day.tapped_day
  where not last_day.is_whole
)
select
  scope_user.user_id,
  case
    when scope_user.last_active_day >= $2::date then scope_user.last_active_day - scope_user.streak_started_on + 1
    else 0
  end as current_streak_days,
  scope_user.longest_streak_days,
  scope_user.last_active_day,
  scope_user.streak_started_on,
  max(last_day_tap.last_tap_at) as last_tap_at
from scope_user
join last_day_tap
  on last_day_tap.user_key = scope_user.user_key and last_day_tap.day = scope_user.last_active_day
group by
  scope_user.user_id,
  scope_user.longest_streak_days,
  scope_user.last_active_day,
  scope_user.streak_started_on
--: stored
from streak_scope
join user_streaks as stored on stored.user_id = streak_scope.user_id
