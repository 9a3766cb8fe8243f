-- Which of the users in question those who met are connected with, a row per one who met: only of them anybody asks
-- whether they had known both. In a table of its own, so that the planner knows how many there are.
--! reads: quest_scope, quest_meeting, friend
--! writes: quest_friend_list
--! grain: user_key
select
  friend.friend_key as user_key,
  array_agg(friend.user_key) as friend_keys,
  array_agg(friend.first_day) as first_days,
  count(*)::integer as friend_count
from (select distinct user_key from quest_scope where 'assists' = any (metrics)) as scope_user
join friend on friend.user_key = scope_user.user_key
where friend.friend_key in (select u1_key from quest_meeting union select u2_key from quest_meeting)
group by friend.friend_key
--: slice friend
with wanted as materialized (
  select distinct quest_scope.user_key from quest_scope where 'assists' = any (quest_scope.metrics)
)
select pair.u1_key as user_key, pair.u2_key as friend_key, pair.first_day
from pair
where pair.u1_key in (select wanted.user_key from wanted)
union all
select pair.u2_key, pair.u1_key, pair.first_day
from pair
where pair.u2_key in (select wanted.user_key from wanted)
