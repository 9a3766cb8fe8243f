-- In a repair: cells of days that are not processed, or of somebody without a key, or who is not of the shard.
--! reads: batch_day, user_key
--! before: user_cell_day, processed_day
--! writes: user_cell_day
--! grain: user_key, geohash5, day
--! runs: repair
--! spread: by_user
--: stored
from user_cell_day as stored
left join processed_day on processed_day.day = stored.day
left join batch_day on batch_day.day = stored.day
left join own_user on own_user.user_key = stored.user_key
where (processed_day.day is null and batch_day.day is null)
  or own_user.user_key is null
--: noted changed_user_cell_day
select distinct stage.user_key, stage.geohash5 from stage
