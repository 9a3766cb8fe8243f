-- stage
create temp table stage as
select
  user_id,
  day,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.user_id,
    stored.day,
    true as is_stored
  from user_day_activity as stored
  left join own_user on own_user.user_id = stored.user_id
  where own_user.user_id is null
) as stored;

-- delete
delete from user_day_activity as target
using stage
where not stage.is_wanted
  and (target.user_id, target.day) = (stage.user_id, stage.day);
