-- In a repair: days of pairs that are not processed, or that belong to somebody without a key.
--! reads: batch_day, user_key
--! before: pair_day, processed_day
--! writes: pair_day
--! grain: u1_key, u2_key, day
--! runs: repair
--! spread: by_user
--: stored
from pair_day as stored
left join processed_day on processed_day.day = stored.day
left join batch_day on batch_day.day = stored.day
left join user_key as key1 on key1.user_key = stored.u1_key
left join user_key as key2 on key2.user_key = stored.u2_key
left join own_user as own1 on own1.user_key = stored.u1_key
left join own_user as own2 on own2.user_key = stored.u2_key
where (processed_day.day is null and batch_day.day is null)
  or key1.user_key is null
  or key2.user_key is null
  or (own1.user_key is null and own2.user_key is null)
--: noted changed_pair_day
select stage.u1_key, stage.u2_key, stage.day, null::integer, null::timestamptz, null::timestamptz from stage
