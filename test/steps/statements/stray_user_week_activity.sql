-- stage
create temp table stage as
select
  user_id,
  year,
  iso_week,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.user_id,
    stored.year,
    stored.iso_week,
    true as is_stored
  from user_week_activity as stored
  left join own_user on own_user.user_id = stored.user_id
  where own_user.user_id is null
) as stored;

-- delete
delete from user_week_activity as target
using stage
where not stage.is_wanted
  and (target.user_id, target.year, target.iso_week) = (stage.user_id, stage.year, stage.iso_week);
