-- The connections of the users whose second degree is walked, a row per user: of the focus users and their friends, of
-- who was a friend before the batch, and of the ends of added connections and their friends. Two looks at an index and
-- at the table behind it for every connection of every path would take most of the time. A week without a connection is
-- 2147483647, later than any. Whoever's connections are as they were has them in friend_list (which a repair does not
-- trust): then nothing that is old is told apart, and is null.
--! reads: second_degree_focus, second_degree_added, second_degree_suspect, changed_friend, friend, friend_list, user_key
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
), changed as (
  select distinct changed_friend.user_key from changed_friend
), walked as (
  select needed.user_key
  from needed
  left join changed on changed.user_key = needed.user_key
  where changed.user_key is not null or exists (select 1 from second_degree_suspect)
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
union all
select needed.user_key, list.friend_keys, list.weeks, null, null
from needed
left join changed on changed.user_key = needed.user_key
cross join lateral (
  -- With an offset the planner looks each user up, and does not read all lists there are for a few.
  select friend_list.friend_keys, friend_list.weeks from friend_list where friend_list.user_key = needed.user_key
  offset 0
) as list
where changed.user_key is null and not exists (select 1 from second_degree_suspect)
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
select wanted.user_key from wanted
