-- Metric streak_days: with the first tap of a day the running streak has the length that it has that day. The only
-- metric that is a level and not a sum.
-- The run of a day is the first that ends on it or later: one look-up a day, whatever the planner thinks of how many
-- runs there are.
--! reads: quest_scope, quest_user_day, activity_run
--! writes: quest_event
--! grain: metric, user_key, day
select
  'streak_days',
  quest_user_day.user_key,
  quest_user_day.week,
  quest_user_day.day,
  quest_user_day.first_tap_at,
  quest_user_day.day - run.started_on + 1
from quest_scope
join quest_user_day on quest_user_day.user_key = quest_scope.user_key and quest_user_day.week = quest_scope.week
cross join lateral (
  select activity_run.started_on
  from activity_run
  where activity_run.user_key = quest_user_day.user_key and activity_run.ended_on >= quest_user_day.day
  order by activity_run.ended_on
  limit 1
) as run
where quest_scope.metric = 'streak_days'
