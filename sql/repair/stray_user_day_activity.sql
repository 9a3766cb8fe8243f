-- In a repair: days of somebody without a key.
--! reads: user_key
--! before: user_day_activity
--! writes: user_day_activity
--! grain: user_id, day
--! runs: repair
--: stored
from user_day_activity as stored
left join user_key on user_key.user_id = stored.user_id
where user_key.user_id is null
