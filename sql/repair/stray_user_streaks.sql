-- In a repair: streaks of somebody without a key.
--! reads: user_key
--! before: user_streaks
--! writes: user_streaks
--! grain: user_id
--! runs: repair
--: stored
from user_streaks as stored
left join user_key on user_key.user_id = stored.user_id
where user_key.user_id is null
