-- In a repair: connections of somebody without a key.
--! reads: user_key
--! before: friend_list
--! writes: friend_list
--! grain: user_key
--! runs: repair
--: stored
from friend_list as stored
left join user_key on user_key.user_key = stored.user_key
where user_key.user_key is null
