-- prepare
create temp table assist_touched as
with adjacent as materialized (
  select list.user_key, unnest(list.friend_keys) as friend_key, unnest(list.first_days) as first_day
  from assist_adjacent as list
), triangle as (
  select
    moved.u1_key,
    moved.u2_key,
    moved.old_first_day,
    moved.new_first_day,
    side1.friend_key,
    side1.first_day as u1_first_day,
    side2.first_day as u2_first_day
  from changed_pair as moved
  join own_user on own_user.user_key = moved.u1_key
  join adjacent as side1 on side1.user_key = moved.u1_key
  join adjacent as side2 on side2.user_key = moved.u2_key and side2.friend_key = side1.friend_key
)
-- The connection that changed was, or is, the last of the three; or it is one of the two before.
select friend_key as user_key, week_number(old_first_day) as week
from triangle
where old_first_day > least(u1_first_day, u2_first_day)
union
select friend_key, week_number(new_first_day)
from triangle
where new_first_day > least(u1_first_day, u2_first_day)
union
select u1_key, week_number(u2_first_day)
from triangle
where u2_first_day > least(old_first_day, new_first_day)
union
select u2_key, week_number(u1_first_day)
from triangle
where u1_first_day > least(old_first_day, new_first_day);
