-- The users and weeks whose row is derived again: those of changed days, and all weeks of a user from the one on in
-- which the second degree moved.
--! reads: changed_user_day, second_degree_focus, second_degree_event, user_key
--! before: user_week_activity
--! writes: week_scope
--! grain: user_id, week
--! spread: by_user
with day_changed as (
  select distinct changed_user_day.user_id, week_number(changed_user_day.day) as week
  from changed_user_day
), graph_changed as (
  select second_degree_focus.user_key, second_degree_focus.from_week
  from second_degree_focus
  union
  select second_degree_event.user_key, min(second_degree_event.week)
  from second_degree_event
  left join second_degree_focus on second_degree_focus.user_key = second_degree_event.user_key
  where second_degree_focus.user_key is null
  group by second_degree_event.user_key
)
select scope.user_id, user_key.user_key, scope.week, bool_or(scope.is_day_changed) as is_day_changed
from (
  select day_changed.user_id, day_changed.week, true as is_day_changed from day_changed
  union all
  select user_week_activity.user_id, week_number(user_week_activity.year, user_week_activity.iso_week), false
  from graph_changed
  join user_key on user_key.user_key = graph_changed.user_key
  join user_week_activity
    on user_week_activity.user_id = user_key.user_id
    and (user_week_activity.year, user_week_activity.iso_week)
      >= (iso_year(graph_changed.from_week), iso_week(graph_changed.from_week))
) as scope
left join user_key on user_key.user_id = scope.user_id
group by scope.user_id, user_key.user_key, scope.week
