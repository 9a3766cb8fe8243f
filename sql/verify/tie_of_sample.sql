-- The stored connections of the sampled users and of their friends, from both ends, with the week of the first tap:
-- whole weeks since Monday 2001-01-01. In the order of their key, in which an index is built soonest.
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
insert into tie (person_key, friend_key, first_week, first_day, first_tap_at)
select
  pair.u1_key,
  pair.u2_key,
  floor((pair.first_day - date '2001-01-01') / 7.0),
  pair.first_day,
  pair.first_tap_at
from near
join pair on pair.u1_key = near.person_key
union all
select
  pair.u2_key,
  pair.u1_key,
  floor((pair.first_day - date '2001-01-01') / 7.0),
  pair.first_day,
  pair.first_tap_at
from near
join pair on pair.u2_key = near.person_key
order by 1, 2
