-- Connections that came, went or moved to another week, from both ends: what changes distances in the graph.
--! reads: changed_pair, user_key
--! writes: changed_friend
--! grain: user_key, friend_key
--! spread: by_user
with moved as (
  select
    u1_key,
    u2_key,
    week_number(old_first_day) as old_week,
    week_number(new_first_day) as new_week
  from changed_pair
  where week_number(old_first_day) is distinct from week_number(new_first_day)
)
select moved.u1_key as user_key, moved.u2_key as friend_key, moved.old_week, moved.new_week
from moved
join own_user on own_user.user_key = moved.u1_key
union all
select moved.u2_key, moved.u1_key, moved.old_week, moved.new_week
from moved
join own_user on own_user.user_key = moved.u2_key
