-- In a repair: runs of active days of somebody without a key, or who is not of the shard.
--! reads: user_key
--! before: activity_run
--! writes: activity_run
--! grain: user_key, ended_on
--! runs: repair
--! spread: by_user
--: stored
from activity_run as stored
left join own_user on own_user.user_key = stored.user_key
where own_user.user_key is null
