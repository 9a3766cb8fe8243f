-- prepare
create temp table quest_meeting as
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
join near as near2 on near2.user_key = pair.u2_key;
