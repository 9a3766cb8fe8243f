-- In a repair: connections of somebody without a key.
--! reads: user_key
--! before: pair
--! writes: pair
--! grain: u1_key, u2_key
--! values: first_day
--! runs: repair
--! spread: by_user
--: stored
from pair as stored
left join user_key as key1 on key1.user_key = stored.u1_key
left join user_key as key2 on key2.user_key = stored.u2_key
left join own_user as own1 on own1.user_key = stored.u1_key
left join own_user as own2 on own2.user_key = stored.u2_key
where key1.user_key is null
  or key2.user_key is null
  or (own1.user_key is null and own2.user_key is null)
--: noted changed_pair
select stage.u1_key, stage.u2_key, stage.old_first_day, null::date from stage
