-- In a repair: ties of somebody without a key, or who is not of the shard.
--! reads: user_key
--! before: edge_strength
--! writes: edge_strength
--! grain: u1, u2
--! runs: repair
--! spread: by_user
--: stored
from edge_strength as stored
left join own_user as key1 on key1.user_id = stored.u1
left join user_key as key2 on key2.user_id = stored.u2
where key1.user_id is null
  or key2.user_id is null
