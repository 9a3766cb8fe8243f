-- In a repair: weeks of somebody without a key.
--! reads: user_key
--! before: user_week_activity
--! writes: user_week_activity
--! grain: user_id, year, iso_week
--! runs: repair
--: stored
from user_week_activity as stored
left join user_key on user_key.user_id = stored.user_id
where user_key.user_id is null
