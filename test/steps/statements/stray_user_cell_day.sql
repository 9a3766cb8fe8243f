-- stage
create temp table stage as
select
  user_key,
  geohash5,
  day,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.user_key,
    stored.geohash5,
    stored.day,
    true as is_stored
  from user_cell_day as stored
  left join processed_day on processed_day.day = stored.day
  left join batch_day on batch_day.day = stored.day
  left join own_user on own_user.user_key = stored.user_key
  where (processed_day.day is null and batch_day.day is null)
    or own_user.user_key is null
) as stored;

-- delete
delete from user_cell_day as target
using stage
where not stage.is_wanted
  and (target.user_key, target.geohash5, target.day) = (stage.user_key, stage.geohash5, stage.day);

-- note
insert into changed_user_cell_day (user_key, geohash5)
select distinct stage.user_key, stage.geohash5 from stage;
