-- Who are friends of both of two who met: the ones of the one since an earlier day; since when of the other one, is
-- asked of the few who are left. A user at a time: looked for in the friends of one user, which fit the cache, most of
-- the friends of friends are gone several times as fast as in those of all.
-- The planner can't know how long the lists are, so it is told to look each one up.
--! reads: quest_walk, quest_friend_list
--! writes: quest_common
--! grain: user_key, friend_key, first_tap_at
--! spread: by_user
--! avoid: hashjoin, mergejoin, bitmapscan, seqscan
select quest_walk.user_key, near.friend_key, near.first_day, near.first_tap_at
from quest_walk
cross join lateral (
  with own as materialized (
    select unnest(list.friend_keys) as friend_key
    from quest_friend_list as list
    where list.user_key = quest_walk.user_key
  )
  select half.friend_key, half.first_day, half.first_tap_at
  from (
    select
      met.first_day,
      met.first_tap_at,
      unnest(list.friend_keys) as friend_key,
      unnest(list.first_days) as since
    from (
      select
        unnest(quest_walk.met_keys) as met_key,
        unnest(quest_walk.first_days) as first_day,
        unnest(quest_walk.first_tap_at) as first_tap_at
    ) as met
    join quest_friend_list as list on list.user_key = met.met_key
  ) as half
  where half.since < half.first_day
    -- Told so, the planner looks for each in a hash of the others, and does not join all with all.
    and (half.friend_key in (select own.friend_key from own)) is true
) as near
