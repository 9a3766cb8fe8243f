-- prepare
create temp table second_degree_list as
select walked.user_key, walked.friend_keys, walked.weeks, walked.old_weeks, walked.old_friend_keys
from second_degree_needed as needed
join second_degree_walked as walked on walked.user_key = needed.user_key
union all
select needed.user_key, list.friend_keys, list.weeks, null, null
from second_degree_needed as needed
left join second_degree_walked as walked on walked.user_key = needed.user_key
cross join lateral (
  -- With an offset the planner looks each user up, and does not read all lists there are for a few.
  select friend_list.friend_keys, friend_list.weeks from friend_list where friend_list.user_key = needed.user_key
  offset 0
) as list
where walked.user_key is null;
