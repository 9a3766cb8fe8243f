-- In a repair: hours of days that are not processed.
--! reads: batch_day
--! before: area_hour, processed_day
--! writes: area_hour
--! grain: geohash5, starts_at, slot
--! values: day
--! runs: repair
--: stored
from area_hour as stored
left join processed_day on processed_day.day = stored.day
left join batch_day on batch_day.day = stored.day
where processed_day.day is null
  and batch_day.day is null
--: noted changed_area_hour
select distinct stage.geohash5, week_number(stage.old_day) from stage
