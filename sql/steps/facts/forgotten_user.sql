-- A user without any pair left is forgotten: nothing of an erased user stays, not even the private key.
--! reads: changed_pair, batch_user, pair
--! removes: user_key
--! grain: user_id
--! spread: by_user
--: stored
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
