-- Metric assists, of the users and weeks in question.
--! reads: quest_scope, quest_assist
--! writes: quest_event
--! grain: metric, user_key, tapped_at
--! avoid: mergejoin, memoize
--! spread: by_user
select 'assists' as metric, quest_scope.user_key, quest_scope.week, quest_assist.day, quest_assist.tapped_at
from quest_assist
join quest_scope
  on quest_scope.user_key = quest_assist.user_key
  and quest_scope.week = week_number(quest_assist.day)
  and 'assists' = any (quest_scope.metrics)
