-- The connections of those who met, a row per user. In a table of its own, so that the planner knows how many there
-- are.
--! reads: quest_meeting, friend
--! writes: quest_friend_list
--! grain: user_key
select
  friend.user_key,
  array_agg(friend.friend_key) as friend_keys,
  array_agg(friend.first_day) as first_days,
  count(*)::integer as friend_count
from (select u1_key as user_key from quest_meeting union select u2_key from quest_meeting) as one
join friend on friend.user_key = one.user_key
group by friend.user_key
--: slice friend
with wanted as materialized (
  select quest_meeting.u1_key as user_key from quest_meeting
  union
  select quest_meeting.u2_key from quest_meeting
)
select pair.u1_key as user_key, pair.u2_key as friend_key, pair.first_day
from pair
where pair.u1_key in (select wanted.user_key from wanted)
union all
select pair.u2_key, pair.u1_key, pair.first_day
from pair
where pair.u2_key in (select wanted.user_key from wanted)
