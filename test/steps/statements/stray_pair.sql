-- stage
create temp table stage as
select
  u1_key,
  u2_key,
  first_day as old_first_day,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.u1_key,
    stored.u2_key,
    stored.first_day,
    true as is_stored
  from pair as stored
  left join user_key as key1 on key1.user_key = stored.u1_key
  left join user_key as key2 on key2.user_key = stored.u2_key
  left join own_user as own1 on own1.user_key = stored.u1_key
  left join own_user as own2 on own2.user_key = stored.u2_key
  where key1.user_key is null
    or key2.user_key is null
    or (own1.user_key is null and own2.user_key is null)
) as stored;

-- delete
delete from pair as target
using stage
where not stage.is_wanted
  and (target.u1_key, target.u2_key) = (stage.u1_key, stage.u2_key);

-- note
insert into changed_pair (u1_key, u2_key, old_first_day, new_first_day)
select stage.u1_key, stage.u2_key, stage.old_first_day, null::date from stage;
