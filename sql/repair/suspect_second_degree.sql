-- In a repair: users whose second degree is counted from nothing, and from which week on. If the stored connection was
-- what was wrong, the counts of others may never have included it. Shifting them by its change would make them wrong,
-- so all friends of both ends of a changed connection are counted from nothing too.
--! reads: batch_day, batch_user, user_key, user_day_activity, changed_friend, friend
--! writes: second_degree_suspect
--! grain: user_key
--! runs: repair
--! spread: by_user
select own_user.user_key, 0 as from_week
from batch_user
join own_user on own_user.user_id = batch_user.user_id
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
join own_user on own_user.user_key = friend.friend_key
