-- Metric streak_days: how long a run had become on the days of the window. The only metric that is a level and not a
-- sum: the latest day of a run in the window is its longest, and the best day of a week that of the week.
--! reads: quest_scope, quest_week, activity_run
--! writes: quest_figure
--! grain: metric, user_key, week
--! spread: by_user
with scope as (
  select quest_scope.user_key, quest_scope.week
  from quest_scope
  where (quest_scope.metrics is null or 'streak_days' = any (quest_scope.metrics))
    and exists (select 1 from quest_week where quest_week.metric = 'streak_days')
), size as (
  select count(*) > 100 * count(distinct week) as is_large from quest_scope
), bound as (
  select min(week) as first_week, max(week) as last_week from quest_scope
), run_week as (
  select activity_run.user_key, run_week.week, activity_run.started_on, activity_run.ended_on
  from bound
  join activity_run
    on activity_run.ended_on >= week_start(bound.first_week)
    and activity_run.started_on <= week_start(bound.last_week) + 6
  cross join lateral generate_series(
    greatest(week_number(activity_run.started_on), bound.first_week),
    least(week_number(activity_run.ended_on), bound.last_week)
  ) as run_week (week)
  where (select is_large from size)
), run as (
  select scope.user_key, scope.week, run_week.started_on, run_week.ended_on
  from scope
  join run_week on run_week.user_key = scope.user_key and run_week.week = scope.week
  union all
  select scope.user_key, scope.week, own_run.started_on, own_run.ended_on
  from scope
  cross join lateral (
    -- A week has days of four runs at most.
    select activity_run.started_on, activity_run.ended_on
    from activity_run
    where activity_run.user_key = scope.user_key and activity_run.ended_on >= week_start(scope.week)
    order by activity_run.ended_on
    limit 4
  ) as own_run
  where not (select is_large from size) and own_run.started_on <= week_start(scope.week) + 6
)
select
  'streak_days' as metric,
  run.user_key,
  run.week,
  max(least(run.ended_on, week_start(run.week) + 6) - run.started_on + 1) as in_week,
  coalesce(
    max(least(run.ended_on, week_start(run.week) + 6) - run.started_on + 1)
      filter (where run.ended_on >= week_start(run.week) + 5),
    0
  ) as on_weekend,
  max(least(run.ended_on, week_start(run.week) + 6) - run.started_on + 1) as on_best_day
from run
group by run.user_key, run.week
