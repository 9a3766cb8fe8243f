-- In a repair: strangers of days that are not processed.
--! reads: batch_day
--! before: unknown_user_day, processed_day
--! writes: unknown_user_day
--! grain: day, user_hash
--! runs: repair
--: stored
from unknown_user_day as stored
left join processed_day on processed_day.day = stored.day
left join batch_day on batch_day.day = stored.day
where processed_day.day is null
  and batch_day.day is null
