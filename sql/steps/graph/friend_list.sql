-- The connections of each user in one piece, of the users of whom one changed.
--! reads: changed_pair, second_degree_suspect, friend
--! writes: friend_list
--! grain: user_key
--! values: friends
select
  changed.user_key,
  string_agg(
    int4send(friend.friend_key) || int4send(friend.first_day - date '0001-01-01'),
    ''::bytea order by friend.friend_key
  ) as friends
from (
  select u1_key as user_key from changed_pair
  union
  select u2_key from changed_pair
  union
  select user_key from second_degree_suspect
) as changed
join friend on friend.user_key = changed.user_key
group by changed.user_key
--: stored
from (
  select u1_key as user_key from changed_pair
  union
  select u2_key from changed_pair
  union
  select user_key from second_degree_suspect
) as changed
join friend_list as stored on stored.user_key = changed.user_key
--: slice friend
with wanted as materialized (
  select changed_pair.u1_key as user_key from changed_pair
  union
  select changed_pair.u2_key from changed_pair
  union
  select second_degree_suspect.user_key from second_degree_suspect
)
select pair.u1_key as user_key, pair.u2_key as friend_key, pair.first_day
from pair
where pair.u1_key in (select wanted.user_key from wanted)
union all
select pair.u2_key, pair.u1_key, pair.first_day
from pair
where pair.u2_key in (select wanted.user_key from wanted)
