-- stage
create temp table stage as
select
  user_key,
  ended_on,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.user_key,
    stored.ended_on,
    true as is_stored
  from activity_run as stored
  left join own_user on own_user.user_key = stored.user_key
  where own_user.user_key is null
) as stored;

-- delete
delete from activity_run as target
using stage
where not stage.is_wanted
  and (target.user_key, target.ended_on) = (stage.user_key, stage.ended_on);
