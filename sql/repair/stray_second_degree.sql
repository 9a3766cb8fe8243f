-- In a repair: second degrees of somebody without a key.
--! reads: user_key
--! before: second_degree
--! writes: second_degree
--! grain: user_key
--! runs: repair
--: stored
from second_degree as stored
left join user_key on user_key.user_key = stored.user_key
where user_key.user_key is null
