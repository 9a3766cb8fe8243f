-- In a repair: days of somebody without a key, or who is not of the shard.
--! reads: user_key
--! before: user_day_activity
--! writes: user_day_activity
--! grain: user_id, day
--! runs: repair
--! spread: by_user
--: stored
from user_day_activity as stored
left join own_user on own_user.user_id = stored.user_id
where own_user.user_id is null
