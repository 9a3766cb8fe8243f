-- The connections of both ends of each changed connection, as they are and as they were, a row per user: what triangles
-- are made of. Where most have changed, nobody asks.
--! reads: changed_pair, assist_since, friend, user_key
--! writes: assist_adjacent
--! grain: user_key
--! spread: by_user
with end_user as (
  select own_user.user_key
  from own_user
  join (
    select u1_key as user_key from changed_pair
    union
    select u2_key from changed_pair
  ) as touched on touched.user_key = own_user.user_key
  where exists (select 1 from assist_since where not is_most)
), was as (
  select u1_key, u2_key, old_first_day
  from changed_pair
  where old_first_day is distinct from new_first_day and old_first_day is not null
)
select
  adjacent.user_key,
  array_agg(adjacent.friend_key) as friend_keys,
  array_agg(adjacent.first_day) as first_days
from (
  select end_user.user_key, own.friend_key, own.first_day
  from end_user
  cross join lateral (
    -- With an offset the planner looks each user up, and does not join all connections there are.
    select friend.friend_key, friend.first_day from friend where friend.user_key = end_user.user_key
    offset 0
  ) as own
  union all
  select end_user.user_key, was.u2_key, was.old_first_day
  from was
  join end_user on end_user.user_key = was.u1_key
  union all
  select end_user.user_key, was.u1_key, was.old_first_day
  from was
  join end_user on end_user.user_key = was.u2_key
) as adjacent
group by adjacent.user_key
