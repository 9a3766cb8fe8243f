-- Stretches of consecutive active days. Only the stretch around a day that appeared or vanished is walked again.
--! reads: run_scope, user_day_activity
--! writes: activity_run
--! grain: user_key, ended_on
--! values: started_on
with active_day as (
  -- Consecutive days less their running number give the same date: the gaps-and-islands trick.
  select
    run_scope.user_key,
    user_day_activity.day,
    user_day_activity.day
      - (row_number() over (partition by run_scope.user_key order by user_day_activity.day))::integer as island
  from run_scope
  join user_day_activity
    on user_day_activity.user_id = run_scope.user_id
    and user_day_activity.day between run_scope.from_day and run_scope.to_day
)
select active_day.user_key, max(active_day.day) as ended_on, min(active_day.day) as started_on
from active_day
group by active_day.user_key, active_day.island
--: stored
from run_scope
join activity_run as stored
  on stored.user_key = run_scope.user_key
  and stored.ended_on >= run_scope.from_day
  and stored.started_on <= run_scope.to_day
--: noted changed_run
select run_scope.user_id, run_scope.flipped_day, run_scope.to_day from run_scope
--: slice user_day_activity
user_day_activity.user_id in (select run_scope.user_id from run_scope)
--: slice activity_run
activity_run.user_key in (select run_scope.user_key from run_scope)
