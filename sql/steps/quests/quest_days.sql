-- Metrics taps, active_days and new_people: what the user's days say.
-- Of many users the whole weeks are read, of a few their own days: the work follows the change.
--! reads: quest_scope, quest_week, user_key, user_day_activity
--! writes: quest_figure
--! grain: metric, user_key, week
--! spread: by_user
with scope as not materialized (
  select quest_scope.user_key, user_key.user_id, quest_scope.week, quest_scope.metrics
  from quest_scope
  join user_key on user_key.user_key = quest_scope.user_key
  where quest_scope.metrics is null or quest_scope.metrics && array['taps', 'active_days', 'new_people']
), size as (
  select count(*) > 100 * count(distinct week) as is_large from quest_scope
), active_day as (
  select
    scope.user_key,
    scope.week,
    scope.metrics,
    week_day.day >= week_start(scope.week) + 5 as is_weekend,
    week_day.tap_count,
    week_day.first_degree_new_count
  from (select distinct week from scope) as scope_week
  cross join lateral (
    -- With an offset each week is read by its days, and not all that lies between the first and the last.
    select
      user_day_activity.user_id,
      user_day_activity.day,
      user_day_activity.tap_count,
      user_day_activity.first_degree_new_count
    from user_day_activity
    where user_day_activity.day between week_start(scope_week.week) and week_start(scope_week.week) + 6
    offset 0
  ) as week_day
  join scope on scope.user_id = week_day.user_id and scope.week = scope_week.week
  where (select is_large from size)
  union all
  select
    scope.user_key,
    scope.week,
    scope.metrics,
    own_day.day >= week_start(scope.week) + 5,
    own_day.tap_count,
    own_day.first_degree_new_count
  from scope
  cross join lateral (
    -- With an offset the planner looks each user up, and does not join all days there are.
    select user_day_activity.day, user_day_activity.tap_count, user_day_activity.first_degree_new_count
    from user_day_activity
    where user_day_activity.user_id = scope.user_id
      and user_day_activity.day between week_start(scope.week) and week_start(scope.week) + 6
    offset 0
  ) as own_day
  where not (select is_large from size)
), counted as (
  select
    active_day.user_key,
    active_day.week,
    active_day.metrics,
    sum(active_day.tap_count)::integer as tap_count,
    coalesce(sum(active_day.tap_count) filter (where active_day.is_weekend), 0)::integer as weekend_tap_count,
    max(active_day.tap_count) as best_tap_count,
    count(*)::integer as day_count,
    (count(*) filter (where active_day.is_weekend))::integer as weekend_day_count,
    sum(active_day.first_degree_new_count)::integer as new_count,
    coalesce(sum(active_day.first_degree_new_count) filter (where active_day.is_weekend), 0)::integer
      as weekend_new_count,
    max(active_day.first_degree_new_count) as best_new_count
  from active_day
  group by active_day.user_key, active_day.week, active_day.metrics
)
select figure.metric, counted.user_key, counted.week, figure.in_week, figure.on_weekend, figure.on_best_day
from counted
cross join lateral (
  values
    ('taps', counted.tap_count, counted.weekend_tap_count, counted.best_tap_count),
    ('active_days', counted.day_count, counted.weekend_day_count, 1),
    ('new_people', counted.new_count, counted.weekend_new_count, counted.best_new_count)
) as figure (metric, in_week, on_weekend, on_best_day)
where figure.in_week > 0
  and (counted.metrics is null or figure.metric = any (counted.metrics))
  and figure.metric in (select quest_week.metric from quest_week)
