-- In a repair: streaks of somebody without a key, or who is not of the shard.
--! reads: user_key
--! before: user_streaks
--! writes: user_streaks
--! grain: user_id
--! runs: repair
--! spread: by_user
--: stored
from user_streaks as stored
left join own_user on own_user.user_id = stored.user_id
where own_user.user_id is null
