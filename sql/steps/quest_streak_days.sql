-- Metric streak_days: with the first tap of a day the running streak has the length that it has that day. The only
-- metric that is a level and not a sum.
-- The planner takes a run for a thousand weeks and would sort them all for a merge.
--! reads: quest_scope, quest_pair_day, activity_run
--! writes: quest_event
--! grain: metric, user_key, day
--! avoid: mergejoin
with first_tap as (
  select quest_pair_day.user_key, quest_scope.week, quest_pair_day.day, min(quest_pair_day.first_tap_at) as tapped_at
  from quest_scope
  join quest_pair_day
    on quest_pair_day.user_key = quest_scope.user_key
    and week_number(quest_pair_day.day) = quest_scope.week
  where quest_scope.metric = 'streak_days'
  group by quest_pair_day.user_key, quest_scope.week, quest_pair_day.day
), span as (
  select quest_scope.user_key, min(quest_scope.week) as first_week, max(quest_scope.week) as last_week
  from quest_scope
  where quest_scope.metric = 'streak_days'
  group by quest_scope.user_key
), run_week as (
  -- Runs by week, so that days find theirs by an equation.
  select activity_run.user_key, run_week.week, activity_run.started_on, activity_run.ended_on
  from span
  join activity_run
    on activity_run.user_key = span.user_key
    and activity_run.ended_on >= week_start(span.first_week)
    and activity_run.started_on <= week_start(span.last_week) + 6
  cross join lateral generate_series(
    greatest(week_number(activity_run.started_on), span.first_week),
    least(week_number(activity_run.ended_on), span.last_week)
  ) as run_week (week)
), added as (
  insert into quest_event (metric, user_key, day, tapped_at, amount)
  select
    'streak_days',
    first_tap.user_key,
    first_tap.day,
    first_tap.tapped_at,
    first_tap.day - run_week.started_on + 1
  from first_tap
  join run_week
    on run_week.user_key = first_tap.user_key
    and run_week.week = first_tap.week
    and first_tap.day between run_week.started_on and run_week.ended_on
  returning 1
)
select count(*)::integer as inserted, 0 as updated, 0 as deleted from added
