-- Metric assists: the first tap of two users counts 1 for whoever had been connected to both on an earlier day.
-- Of each two who met, the friends of one are walked as a list and looked for among those of the other, in memory: two
-- looks at an index and at the table behind it for every friend would take several times as long.
--! reads: quest_scope, quest_meeting, friend
--! writes: quest_event
--! grain: metric, user_key, tapped_at
--! avoid: mergejoin, memoize
with scope as (
  select user_key, week from quest_scope where metric = 'assists'
), edge as materialized (
  select friend.user_key, friend.friend_key, friend.first_day
  from (select u1_key as user_key from quest_meeting union select u2_key from quest_meeting) as one
  join friend on friend.user_key = one.user_key
), list as (
  select edge.user_key, array_agg(edge.friend_key) as friend_keys, array_agg(edge.first_day) as first_days
  from edge
  group by edge.user_key
), half as (
  select
    quest_meeting.u2_key,
    quest_meeting.first_day,
    quest_meeting.first_tap_at,
    quest_meeting.week,
    unnest(list.friend_keys) as user_key,
    unnest(list.first_days) as since
  from quest_meeting
  join list on list.user_key = quest_meeting.u1_key
), common as (
  select half.user_key, half.week, half.first_day, half.first_tap_at
  from half
  join edge
    on edge.user_key = half.u2_key
    and edge.friend_key = half.user_key
    and edge.first_day < half.first_day
  where half.since < half.first_day
)
select 'assists', common.user_key, common.week, common.first_day, common.first_tap_at, 1
from common
join scope on scope.user_key = common.user_key and scope.week = common.week
