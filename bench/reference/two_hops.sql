-- Distinct friends of friends of all users at the last day, who are neither a friend nor the user: one count.
with friend as (
  select u1_key as user_key, u2_key as friend_key from pair
  union all
  select u2_key, u1_key from pair
)
select count(*)::float8 as pairs
from (
  select distinct one.user_key, two.friend_key
  from friend as one
  join friend as two on two.user_key = one.friend_key
  where two.friend_key <> one.user_key
  except
  select user_key, friend_key from friend
) as second_degree
