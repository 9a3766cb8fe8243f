-- prepare
create temp table quest_friend_list as
select
  friend.user_key,
  array_agg(friend.friend_key) as friend_keys,
  array_agg(friend.first_day) as first_days,
  count(*)::integer as friend_count
from (select u1_key as user_key from quest_meeting union select u2_key from quest_meeting) as one
join friend on friend.user_key = one.user_key
group by friend.user_key;
