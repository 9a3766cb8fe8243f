-- In a repair: users whose second degree is counted from nothing, and from which week on. The stored connection may be
-- what was wrong, while the counts of others never followed it: shifting them from it would spread the error, so every
-- friend of an end of a changed connection is counted anew as well.
--! reads: batch_day, batch_user, user_key, user_day_activity, changed_friend, friend
--! writes: second_degree_suspect
--! grain: user_key
--! runs: repair
select user_key.user_key, 0 as from_week
from batch_user
join user_key on user_key.user_id = batch_user.user_id
union all
select user_key.user_key, week_number(batch_day.day)
from batch_day
join user_day_activity on user_day_activity.day = batch_day.day
join user_key on user_key.user_id = user_day_activity.user_id
where batch_day.forced
union all
select friend.friend_key, least(changed_friend.old_week, changed_friend.new_week)
from changed_friend
join friend on friend.user_key = changed_friend.user_key
