-- The connections of the users of whom one changed, as they were and as they are, a row per user. A week without
-- a connection is 2147483647, later than any. A repair does not trust what friend_list says of anybody whose
-- connections are walked.
--! reads: second_degree_asked, changed_friend, friend, user_key
--! writes: second_degree_walked
--! grain: user_key
--! spread: by_user
with walked as (
  select distinct changed_friend.user_key
  from changed_friend
  join own_user on own_user.user_key = changed_friend.user_key
  union
  select second_degree_asked.user_key
  from second_degree_asked
  join own_user on own_user.user_key = second_degree_asked.user_key
), size as (
  -- More than a tenth of all users. No more are counted than it takes to say.
  select count(*) < 10 * (select count(*) from walked) as is_large
  from (select 1 from user_key limit (select 10 * count(*) from walked)) as known
), own_friend as (
  -- Of many users all connections there are are read, of a few their own.
  select walked.user_key, friend.friend_key, friend.first_day
  from walked
  join friend on friend.user_key = walked.user_key
  where (select is_large from size)
  union all
  select walked.user_key, own.friend_key, own.first_day
  from walked
  cross join lateral (
    -- With an offset the planner looks each user up, and does not join all connections there are.
    select friend.friend_key, friend.first_day from friend where friend.user_key = walked.user_key
    offset 0
  ) as own
  where not (select is_large from size)
), edge as (
  select
    own_friend.user_key,
    own_friend.friend_key,
    week_number(own_friend.first_day) as week,
    case
      when changed_friend.user_key is null then week_number(own_friend.first_day)
      else coalesce(changed_friend.old_week, 2147483647)
    end as old_week
  from own_friend
  left join changed_friend
    on changed_friend.user_key = own_friend.user_key and changed_friend.friend_key = own_friend.friend_key
  union all
  select changed_friend.user_key, changed_friend.friend_key, 2147483647, changed_friend.old_week
  from changed_friend
  join own_user on own_user.user_key = changed_friend.user_key
  where changed_friend.new_week is null
)
select
  edge.user_key,
  array_agg(edge.friend_key) as friend_keys,
  array_agg(edge.week) as weeks,
  array_agg(edge.old_week) as old_weeks,
  coalesce(array_agg(edge.friend_key) filter (where edge.old_week < 2147483647), '{}') as old_friend_keys
from edge
group by edge.user_key
