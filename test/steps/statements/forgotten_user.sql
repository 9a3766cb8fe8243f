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
  from user_key as stored
  join (
    select u1_key as user_key from changed_pair where new_first_day is null
    union
    select u2_key from changed_pair where new_first_day is null
    union
    select user_key.user_key
    from batch_user
    join user_key on user_key.user_id = batch_user.user_id
  ) as unpaired on unpaired.user_key = stored.user_key
  join own_user on own_user.user_key = stored.user_key
  left join pair as pair1 on pair1.u1_key = stored.user_key
  left join pair as pair2 on pair2.u2_key = stored.user_key
  where pair1.u1_key is null
    and pair2.u2_key is null
) as stored;

-- delete
delete from user_key as target
using stage
where not stage.is_wanted
  and target.user_id = stage.user_id;
