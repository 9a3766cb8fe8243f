-- The connections of each user in one piece, of the users of whom one changed.
--! reads: changed_pair, second_degree_suspect, friend, user_key
--! writes: friend_list
--! grain: user_key
--! values: friends
--! spread: by_user
with changed as materialized (
  select own_user.user_key
  from own_user
  join (
    select u1_key as user_key from changed_pair
    union
    select u2_key from changed_pair
    union
    select user_key from second_degree_suspect
  ) as touched on touched.user_key = own_user.user_key
), size as (
  -- More than a tenth of all users. No more are counted than it takes to say.
  select count(*) < 10 * (select count(*) from changed) as is_large
  from (select 1 from user_key limit (select 10 * count(*) from changed)) as known
), own_friend as (
  -- Of many users all connections there are are read, of a few their own.
  select friend.user_key, friend.friend_key, friend.first_day
  from changed
  join friend on friend.user_key = changed.user_key
  where (select is_large from size)
  union all
  select changed.user_key, own.friend_key, own.first_day
  from changed
  cross join lateral (
    -- With an offset the planner looks each user up, and does not join all connections there are.
    select friend.friend_key, friend.first_day from friend where friend.user_key = changed.user_key
    offset 0
  ) as own
  where not (select is_large from size)
)
select
  own_friend.user_key,
  string_agg(
    int4send(own_friend.friend_key) || int4send(own_friend.first_day - date '0001-01-01'),
    ''::bytea order by own_friend.friend_key
  ) as friends
from own_friend
group by own_friend.user_key
--: stored
from (
  select u1_key as user_key from changed_pair
  union
  select u2_key from changed_pair
  union
  select user_key from second_degree_suspect
) as changed
join own_user on own_user.user_key = changed.user_key
join friend_list as stored on stored.user_key = own_user.user_key
