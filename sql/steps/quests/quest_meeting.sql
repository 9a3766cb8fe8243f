-- The connections that can be an assist: made in a week in question, by two friends of a user in question. For many
-- users these are nearly all connections of their weeks, and finding out which are not would cost more than they do;
-- for a few those of their friends are looked at. In a table of its own, so that the planner knows how many they are:
-- where it takes few for one, it looks at all friends for each.
--! reads: assist_user, assist_week, assist_near, pair
--! writes: quest_meeting
--! grain: u1_key, u2_key
--! spread: by_user
with size as (
  select (select count(*) from assist_user) > 10 * (select count(distinct week) from assist_week) as is_large
), near as materialized (
  select distinct assist_near.user_key from assist_near
)
select pair.u1_key, pair.u2_key, pair.first_day, pair.first_tap_at, scope_week.week
from (select distinct week from assist_week) as scope_week
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
  and (met.week in (select assist_week.week from assist_week)) is true
  and (met.u2_key in (select near.user_key from near)) is true
