-- In a repair: runs of active days of somebody without a key.
--! reads: user_key
--! before: activity_run
--! writes: activity_run
--! grain: user_key, ended_on
--! runs: repair
--: stored
from activity_run as stored
left join user_key on user_key.user_key = stored.user_key
where user_key.user_key is null
