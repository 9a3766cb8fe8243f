-- stage
create temp table stage as
select
  u1,
  u2,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.u1,
    stored.u2,
    true as is_stored
  from edge_strength as stored
  left join own_user as key1 on key1.user_id = stored.u1
  left join user_key as key2 on key2.user_id = stored.u2
  where key1.user_id is null
    or key2.user_id is null
) as stored;

-- delete
delete from edge_strength as target
using stage
where not stage.is_wanted
  and (target.u1, target.u2) = (stage.u1, stage.u2);
