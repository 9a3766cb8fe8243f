-- Metric assists: the first tap of two users counts 1 for whoever had been connected to both on an earlier day.
-- Of each two who met, the friends of the one who has fewer are walked as a list and looked for among those of the
-- other, in memory: two looks at an index and at the table behind it for every friend would take several times as long,
-- and the list of one who knows everybody would be walked for each of them.
--! reads: quest_scope, quest_meeting, quest_friend_list
--! writes: quest_event
--! grain: metric, user_key, tapped_at
--! avoid: mergejoin, memoize
with scope as (
  select user_key, week from quest_scope where 'assists' = any (metrics)
), edge as (
  select list.user_key, unnest(list.friend_keys) as friend_key, unnest(list.first_days) as first_day
  from quest_friend_list as list
), walked as (
  select
    case when list1.friend_count <= list2.friend_count then quest_meeting.u1_key else quest_meeting.u2_key end
      as from_key,
    case when list1.friend_count <= list2.friend_count then quest_meeting.u2_key else quest_meeting.u1_key end
      as other_key,
    quest_meeting.first_day,
    quest_meeting.first_tap_at,
    quest_meeting.week
  from quest_meeting
  join quest_friend_list as list1 on list1.user_key = quest_meeting.u1_key
  join quest_friend_list as list2 on list2.user_key = quest_meeting.u2_key
), half as (
  select
    walked.other_key,
    walked.first_day,
    walked.first_tap_at,
    walked.week,
    unnest(list.friend_keys) as user_key,
    unnest(list.first_days) as since
  from walked
  join quest_friend_list as list on list.user_key = walked.from_key
), common as (
  select half.user_key, half.week, half.first_day, half.first_tap_at
  from half
  join edge
    on edge.user_key = half.other_key
    and edge.friend_key = half.user_key
    and edge.first_day < half.first_day
  where half.since < half.first_day
)
select 'assists' as metric, common.user_key, common.week, common.first_day as day, common.first_tap_at as tapped_at
from common
join scope on scope.user_key = common.user_key and scope.week = common.week
