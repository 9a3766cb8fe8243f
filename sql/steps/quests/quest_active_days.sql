-- Metric active_days: the first tap of a day counts 1.
--! reads: quest_scope, quest_user_day
--! writes: quest_event
--! grain: metric, user_key, day
select
  'active_days',
  quest_user_day.user_key,
  quest_user_day.week,
  quest_user_day.day,
  quest_user_day.first_tap_at,
  1
from quest_scope
join quest_user_day on quest_user_day.user_key = quest_scope.user_key and quest_user_day.week = quest_scope.week
where quest_scope.metric = 'active_days'
