-- In a repair: weeks of somebody without a key, or who is not of the shard.
--! reads: user_key
--! before: user_week_activity
--! writes: user_week_activity
--! grain: user_id, year, iso_week
--! runs: repair
--! spread: by_user
--: stored
from user_week_activity as stored
left join own_user on own_user.user_id = stored.user_id
where own_user.user_id is null
