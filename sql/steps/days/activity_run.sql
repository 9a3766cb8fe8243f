-- Stretches of consecutive active days. Only the stretch around a day that appeared or vanished is walked again.
--! reads: run_scope, user_day_activity
--! writes: activity_run
--! grain: user_key, ended_on
--! values: started_on
--! spread: by_user
with size as (
  select sum(flipped_count) > 10 * count(*) as is_large from run_scope
), walked_day as (
  -- Of users with many new days all days there are are read, as in a backfill; of others their own.
  select run_scope.user_key, user_day_activity.day
  from run_scope
  join user_day_activity
    on user_day_activity.user_id = run_scope.user_id
    and user_day_activity.day between run_scope.from_day and run_scope.to_day
  where (select is_large from size)
  union all
  select run_scope.user_key, own_day.day
  from run_scope
  cross join lateral (
    -- With an offset the planner looks each user up, and does not join all days there are.
    select user_day_activity.day
    from user_day_activity
    where user_day_activity.user_id = run_scope.user_id
      and user_day_activity.day between run_scope.from_day and run_scope.to_day
    offset 0
  ) as own_day
  where not (select is_large from size)
), active_day as (
  -- Consecutive days less their running number give the same date: the gaps-and-islands trick.
  select
    walked_day.user_key,
    walked_day.day,
    walked_day.day - (row_number() over (partition by walked_day.user_key order by walked_day.day))::integer as island
  from walked_day
)
select active_day.user_key, max(active_day.day) as ended_on, min(active_day.day) as started_on
from active_day
group by active_day.user_key, active_day.island
--: stored
from run_scope
cross join lateral (
  select activity_run.user_key, activity_run.ended_on, activity_run.started_on
  from activity_run
  where activity_run.user_key = run_scope.user_key
    and activity_run.ended_on >= run_scope.from_day
    and activity_run.started_on <= run_scope.to_day
  offset 0
) as stored
--: noted changed_run
select run_scope.user_id, run_scope.flipped_day, run_scope.to_day from run_scope
