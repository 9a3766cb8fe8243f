-- The connections that can be an assist: made in a week in question, by two friends of a user in question. In a table
-- of its own, so that the planner knows how many they are: where it takes few for one, it looks at all friends for
-- each.
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
)
select pair.u1_key, pair.u2_key, pair.first_day, pair.first_tap_at, scope_week.week
from (select distinct week from scope) as scope_week
join pair on pair.first_day between week_start(scope_week.week) and week_start(scope_week.week) + 6
join near as near1 on near1.user_key = pair.u1_key
join near as near2 on near2.user_key = pair.u2_key
--: slice pair
pair.first_day >= (select week_start(min(quest_scope.week)) from quest_scope)
  and pair.first_day <= (select week_start(max(quest_scope.week)) + 6 from quest_scope)
--: slice friend
with wanted as materialized (
  select distinct quest_scope.user_key from quest_scope where 'assists' = any (quest_scope.metrics)
)
select pair.u1_key as user_key, pair.u2_key as friend_key, pair.first_day
from pair
where pair.u1_key in (select wanted.user_key from wanted)
union all
select pair.u2_key, pair.u1_key, pair.first_day
from pair
where pair.u2_key in (select wanted.user_key from wanted)
