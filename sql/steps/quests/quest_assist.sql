-- The first tap of two users counts 1 for whoever had been connected to both on an earlier day.
--! reads: quest_common, quest_friend_list
--! writes: quest_assist
--! grain: user_key, tapped_at
--! avoid: mergejoin, memoize
--! spread: by_user
with edge as (
  select list.user_key, unnest(list.friend_keys) as friend_key, unnest(list.first_days) as first_day
  from quest_friend_list as list
)
select quest_common.friend_key as user_key, quest_common.first_day as day, quest_common.first_tap_at as tapped_at
from quest_common
join edge
  on edge.user_key = quest_common.user_key
  and edge.friend_key = quest_common.friend_key
  and edge.first_day < quest_common.first_day
