-- stage
create temp table stage as
select
  geohash5,
  starts_at,
  slot,
  day as old_day,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.geohash5,
    stored.starts_at,
    stored.slot,
    stored.day,
    true as is_stored
  from area_hour as stored
  left join processed_day on processed_day.day = stored.day
  left join batch_day on batch_day.day = stored.day
  where processed_day.day is null
    and batch_day.day is null
) as stored;

-- delete
delete from area_hour as target
using stage
where not stage.is_wanted
  and (target.geohash5, target.starts_at, target.slot) = (stage.geohash5, stage.starts_at, stage.slot);

-- note
insert into changed_area_hour (geohash5, week)
select distinct stage.geohash5, week_number(stage.old_day) from stage;
