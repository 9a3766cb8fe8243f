-- The figures that users and weeks have on the boards, where one of them may have moved. Without a streak: a week in
-- which the user no longer has a tap.
--! reads: changed_user_week, changed_run, user_key, activity_run, user_week_activity
--! writes: board_figure
--! grain: user_id, week
--! spread: by_user
with scope as (
  select user_id, week from changed_user_week
  union
  select changed_run.user_id, week_number(user_week_activity.year, user_week_activity.iso_week)
  from changed_run
  join user_week_activity
    on user_week_activity.user_id = changed_run.user_id
    and (user_week_activity.year, user_week_activity.iso_week)
      >= (iso_year(week_number(changed_run.from_day)), iso_week(week_number(changed_run.from_day)))
    and (user_week_activity.year, user_week_activity.iso_week)
      <= (iso_year(week_number(changed_run.to_day)), iso_week(week_number(changed_run.to_day)))
), scope_user as (
  select
    user_key.user_key,
    scope.user_id,
    min(scope.week) as first_week,
    max(scope.week) as last_week
  from scope
  join user_key on user_key.user_id = scope.user_id
  group by user_key.user_key, scope.user_id
), streak as (
  -- The longest that a run had become by the week's end, or by its own.
  select
    scope_user.user_id,
    run_week.week,
    max(least(activity_run.ended_on, week_start(run_week.week) + 6) - activity_run.started_on + 1) as streak_days
  from scope_user
  join activity_run
    on activity_run.user_key = scope_user.user_key
    and activity_run.ended_on >= week_start(scope_user.first_week)
    and activity_run.started_on <= week_start(scope_user.last_week) + 6
  cross join lateral generate_series(
    greatest(week_number(activity_run.started_on), scope_user.first_week),
    least(week_number(activity_run.ended_on), scope_user.last_week)
  ) as run_week (week)
  group by scope_user.user_id, run_week.week
)
select
  scope.user_id,
  scope.week,
  user_week_activity.first_degree_new_count as new_first_degree,
  user_week_activity.second_degree_new_count as delta_second_degree,
  streak.streak_days
from scope
left join user_week_activity
  on user_week_activity.user_id = scope.user_id
  and user_week_activity.year = iso_year(scope.week)
  and user_week_activity.iso_week = iso_week(scope.week)
left join streak on streak.user_id = user_week_activity.user_id and streak.week = scope.week
