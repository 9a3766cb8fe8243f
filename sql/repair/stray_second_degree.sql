-- In a repair: second degrees of somebody without a key, or who is not of the shard.
--! reads: user_key
--! before: second_degree
--! writes: second_degree
--! grain: user_key
--! runs: repair
--! spread: by_user
--: stored
from second_degree as stored
left join own_user on own_user.user_key = stored.user_key
where own_user.user_key is null
