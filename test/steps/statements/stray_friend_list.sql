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
  from friend_list as stored
  left join user_key on user_key.user_key = stored.user_key
  where user_key.user_key is null
) as stored;

-- delete
delete from friend_list as target
using stage
where not stage.is_wanted
  and target.user_key = stage.user_key;
