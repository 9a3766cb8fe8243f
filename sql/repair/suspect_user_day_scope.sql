-- In a repair: the marked days, and all days that are stored as active for a marked user.
--! reads: batch_day, batch_user, user_day_scope
--! before: user_day_activity
--! writes: user_day_scope
--! grain: day
--! runs: repair
--! spread: by_user
select batch_day.day, null::integer as user_key, null::uuid as user_id from batch_day where batch_day.forced
union
select user_day_activity.day, null, null
from batch_user
join user_day_activity on user_day_activity.user_id = batch_user.user_id
except
select user_day_scope.day, user_day_scope.user_key, user_day_scope.user_id from user_day_scope
