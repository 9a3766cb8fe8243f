-- stage
create temp table stage as
select
  user_id,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.user_id,
    true as is_stored
  from user_streaks as stored
  left join own_user on own_user.user_id = stored.user_id
  where own_user.user_id is null
) as stored;

-- delete
delete from user_streaks as target
using stage
where not stage.is_wanted
  and target.user_id = stage.user_id;
