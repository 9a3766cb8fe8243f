-- stage
create temp table stage as
select
  user_key,
  geohash5,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.user_key,
    stored.geohash5,
    true as is_stored
  from user_cell as stored
  left join own_user on own_user.user_key = stored.user_key
  where own_user.user_key is null
) as stored;

-- delete
delete from user_cell as target
using stage
where not stage.is_wanted
  and (target.user_key, target.geohash5) = (stage.user_key, stage.geohash5);
