-- A user without any pair left is forgotten: nothing of an erased user stays, not even the private key. Nor does a key
-- that verify found to belong to nobody.
--! reads: changed_pair, batch_user, pair
--! removes: user_key
--! grain: user_id
with unpaired as (
  select u1_key as user_key from changed_pair where new_first_day is null
  union
  select u2_key from changed_pair where new_first_day is null
  union
  select user_key.user_key
  from batch_user
  join user_key on user_key.user_id = batch_user.user_id
), deleted as (
  delete from user_key as target
  using unpaired
  left join pair as pair1 on pair1.u1_key = unpaired.user_key
  left join pair as pair2 on pair2.u2_key = unpaired.user_key
  where pair1.u1_key is null
    and pair2.u2_key is null
    and target.user_key = unpaired.user_key
  returning 1
)
select 0 as inserted, 0 as updated, count(*)::integer as deleted from deleted
