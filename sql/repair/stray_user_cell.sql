-- In a repair: cells of somebody without a key.
--! reads: user_key
--! before: user_cell
--! writes: user_cell
--! grain: user_key, geohash5
--! runs: repair
--: stored
from user_cell as stored
left join user_key on user_key.user_key = stored.user_key
where user_key.user_key is null
