-- stage
create temp table stage as
select
  user_key,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.user_key,
    true as is_stored
  from second_degree as stored
  left join own_user on own_user.user_key = stored.user_key
  where own_user.user_key is null
) as stored;

-- delete
delete from second_degree as target
using stage
where not stage.is_wanted
  and target.user_key = stage.user_key;
