-- The connections that can be an assist: made in a week in question, by two friends of a user in question. For many
-- users these are nearly all connections of their weeks, and finding out which are not would cost more than they do;
-- for a few those of their friends are looked at. In a table of its own, so that the planner knows how many they are:
-- where it takes few for one, it looks at all friends for each.
--! reads: quest_scope, pair, friend, user_key
--! writes: quest_meeting
--! grain: u1_key, u2_key
with scope as (
  select user_key, week from quest_scope where 'assists' = any (metrics)
), near as materialized (
  select user_key.user_key
  from user_key
  where user_key.user_key in (
    select friend.friend_key
    from (select distinct user_key from scope) as scope_user
    join friend on friend.user_key = scope_user.user_key
  )
), size as (
  select count(*) > 10 * count(distinct week) as is_large from scope
)
select pair.u1_key, pair.u2_key, pair.first_day, pair.first_tap_at, scope_week.week
from (select distinct week from scope) as scope_week
join pair on pair.first_day between week_start(scope_week.week) and week_start(scope_week.week) + 6
where (select is_large from size)
union all
select near1.user_key, met.u2_key, met.first_day, met.first_tap_at, met.week
from near as near1
cross join lateral (
  -- With an offset the planner looks each user up, and does not join all connections there are, nor all of a week.
  select pair.u2_key, pair.first_day, pair.first_tap_at, week_number(pair.first_day) as week
  from pair
  where pair.u1_key = near1.user_key
  offset 0
) as met
where not (select is_large from size)
  -- Told so, the planner looks for each in a hash of them, and does not join all with all.
  and (met.week in (select scope.week from scope)) is true
  and (met.u2_key in (select near.user_key from near)) is true
--: slice pair
pair.first_day >= (select week_start(min(quest_scope.week)) from quest_scope)
  and pair.first_day <= (select week_start(max(quest_scope.week)) + 6 from quest_scope)
--: slice friend
select distinct quest_scope.user_key from quest_scope where 'assists' = any (quest_scope.metrics)
