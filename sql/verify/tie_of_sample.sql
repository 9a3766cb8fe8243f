-- The stored connections of the sampled users and of their friends, from both ends.
with own as (
  select person.person_key
  from verify_user
  join person on person.user_id = verify_user.user_id
), near as (
  select own.person_key
  from own
  union
  select pair.u2_key
  from own
  join pair on pair.u1_key = own.person_key
  union
  select pair.u1_key
  from own
  join pair on pair.u2_key = own.person_key
)
insert into tie (person_key, friend_key, first_day)
select pair.u1_key, pair.u2_key, pair.first_day
from near
join pair on pair.u1_key = near.person_key
union all
select pair.u2_key, pair.u1_key, pair.first_day
from near
join pair on pair.u2_key = near.person_key
