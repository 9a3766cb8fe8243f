-- Metric assists: the first tap of two users counts 1 for whoever had been connected to both on an earlier day.
--! reads: quest_scope, quest_common, quest_friend_list
--! writes: quest_event
--! grain: metric, user_key, tapped_at
--! avoid: mergejoin, memoize
with scope as (
  select user_key, week from quest_scope where 'assists' = any (metrics)
), edge as (
  select list.user_key, unnest(list.friend_keys) as friend_key, unnest(list.first_days) as first_day
  from quest_friend_list as list
)
select
  'assists' as metric,
  scope.user_key,
  scope.week,
  quest_common.first_day as day,
  quest_common.first_tap_at as tapped_at
from quest_common
join edge
  on edge.user_key = quest_common.user_key
  and edge.friend_key = quest_common.friend_key
  and edge.first_day < quest_common.first_day
join scope on scope.user_key = quest_common.friend_key and scope.week = week_number(quest_common.first_day)
