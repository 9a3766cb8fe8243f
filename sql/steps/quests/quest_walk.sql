-- Whom each user met, where the other one of the two has fewer friends (of the users in question): those are walked,
-- and looked for among the friends of this one. The friends of one who knows everybody would be walked for each of
-- them.
--! reads: quest_meeting, quest_friend_list, user_key
--! writes: quest_walk
--! grain: user_key
--! spread: by_user
select
  walked.user_key,
  array_agg(walked.met_key) as met_keys,
  array_agg(walked.first_day) as first_days,
  array_agg(walked.first_tap_at) as first_tap_at
from (
  select
    case when list1.friend_count <= list2.friend_count then quest_meeting.u2_key else quest_meeting.u1_key end
      as user_key,
    case when list1.friend_count <= list2.friend_count then quest_meeting.u1_key else quest_meeting.u2_key end
      as met_key,
    quest_meeting.first_day,
    quest_meeting.first_tap_at
  from quest_meeting
  join own_user on own_user.user_key = quest_meeting.u1_key
  join quest_friend_list as list1 on list1.user_key = quest_meeting.u1_key
  join quest_friend_list as list2 on list2.user_key = quest_meeting.u2_key
) as walked
group by walked.user_key
