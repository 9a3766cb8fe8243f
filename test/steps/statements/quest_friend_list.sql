-- prepare
create temp table quest_friend_list as
select
  friend.friend_key as user_key,
  array_agg(friend.user_key) as friend_keys,
  array_agg(friend.first_day) as first_days,
  count(*)::integer as friend_count
from (select distinct user_key from quest_scope where 'assists' = any (metrics)) as scope_user
join friend on friend.user_key = scope_user.user_key
where friend.friend_key in (select u1_key from quest_meeting union select u2_key from quest_meeting)
group by friend.friend_key;
