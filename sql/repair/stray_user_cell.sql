-- In a repair: cells of somebody without a key, or who is not of the shard.
--! reads: user_key
--! before: user_cell
--! writes: user_cell
--! grain: user_key, geohash5
--! runs: repair
--! spread: by_user
--: stored
from user_cell as stored
left join own_user on own_user.user_key = stored.user_key
where own_user.user_key is null
