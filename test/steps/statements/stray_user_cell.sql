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
  left join user_key on user_key.user_key = stored.user_key
  where user_key.user_key is null
) as stored;

-- delete
delete from user_cell as target
using stage
where not stage.is_wanted
  and (target.user_key, target.geohash5) = (stage.user_key, stage.geohash5);
