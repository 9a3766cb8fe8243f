-- The connections of the users whose second degree is walked, a row per user: two looks at an index and at the table
-- behind it for every connection of every path would take most of the time. Whoever's connections are as they were has
-- them in friend_list: then nothing that is old is told apart, and is null.
--! reads: second_degree_needed, second_degree_walked, friend_list
--! writes: second_degree_list
--! grain: user_key
--! spread: by_user
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
where walked.user_key is null
