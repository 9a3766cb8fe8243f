-- stage
create temp table stage as
select
  day,
  user_hash,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.day,
    stored.user_hash,
    true as is_stored
  from unknown_user_day as stored
  left join processed_day on processed_day.day = stored.day
  left join batch_day on batch_day.day = stored.day
  where processed_day.day is null
    and batch_day.day is null
) as stored;

-- delete
delete from unknown_user_day as target
using stage
where not stage.is_wanted
  and (target.day, target.user_hash) = (stage.day, stage.user_hash);
