-- The connections of the users whose second degree is walked, a row per user: of the focus users and their friends, of
-- who was a friend before the batch, and of the ends of added connections and their friends. Two looks at an index and
-- at the table behind it for every connection of every path would take most of the time. A week without a connection is
-- 2147483647, later than any.
--! reads: second_degree_focus, second_degree_added, changed_friend, friend
--! writes: second_degree_list
--! grain: user_key
with needed as (
  select focus.user_key from second_degree_focus as focus
  union
  select friend.friend_key
  from second_degree_focus as focus
  join friend on friend.user_key = focus.user_key
  union
  select changed_friend.friend_key from changed_friend
  union
  select friend.friend_key
  from (select distinct user_key from second_degree_added) as added
  join friend on friend.user_key = added.user_key
), edge as (
  select
    friend.user_key,
    friend.friend_key,
    week_number(friend.first_day) as week,
    case
      when changed_friend.user_key is null then week_number(friend.first_day)
      else coalesce(changed_friend.old_week, 2147483647)
    end as old_week
  from needed
  join friend on friend.user_key = needed.user_key
  left join changed_friend
    on changed_friend.user_key = friend.user_key and changed_friend.friend_key = friend.friend_key
  union all
  select changed_friend.user_key, changed_friend.friend_key, 2147483647, changed_friend.old_week
  from changed_friend
  where changed_friend.new_week is null
)
select
  edge.user_key,
  array_agg(edge.friend_key) as friend_keys,
  array_agg(edge.week) as weeks,
  array_agg(edge.old_week) as old_weeks
from edge
group by edge.user_key
--: slice friend
with own as materialized (
  select second_degree_focus.user_key from second_degree_focus
  union
  select second_degree_added.user_key from second_degree_added
), wanted as materialized (
  select own.user_key from own
  union
  select changed_friend.friend_key from changed_friend
  union
  select pair.u2_key from pair where pair.u1_key in (select own.user_key from own)
  union
  select pair.u1_key from pair where pair.u2_key in (select own.user_key from own)
)
select pair.u1_key as user_key, pair.u2_key as friend_key, pair.first_day
from pair
where pair.u1_key in (select wanted.user_key from wanted)
union all
select pair.u2_key, pair.u1_key, pair.first_day
from pair
where pair.u2_key in (select wanted.user_key from wanted)
