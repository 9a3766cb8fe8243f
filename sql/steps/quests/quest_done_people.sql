-- When the users met their new people, where a target of the metric new_people was reached. Of many all connections
-- that were made in their weeks are looked at, of a few their own.
--! reads: quest_done, pair
--! writes: quest_done_event
--! grain: metric, user_key, tapped_at
--! spread: by_user
with done as not materialized (
  select distinct quest_done.user_key, quest_done.week from quest_done where quest_done.metric = 'new_people'
), size as (
  select count(*) > 100 * count(distinct week) as is_large from quest_done where metric = 'new_people'
), met as (
  select pair.u1_key, pair.u2_key, done_week.week, pair.first_day, pair.first_tap_at
  from (select distinct week from done) as done_week
  join pair on pair.first_day between week_start(done_week.week) and week_start(done_week.week) + 6
  where (select is_large from size)
)
select 'new_people' as metric, done.user_key, done.week, met.first_day as day, met.first_tap_at as tapped_at
from met
join done on done.user_key = met.u1_key and done.week = met.week
union all
select 'new_people', done.user_key, done.week, met.first_day, met.first_tap_at
from met
join done on done.user_key = met.u2_key and done.week = met.week
union all
select 'new_people', done.user_key, done.week, pair.first_day, pair.first_tap_at
from done
join pair
  on pair.u1_key = done.user_key
  and pair.first_day between week_start(done.week) and week_start(done.week) + 6
where not (select is_large from size)
union all
select 'new_people', done.user_key, done.week, pair.first_day, pair.first_tap_at
from done
join pair
  on pair.u2_key = done.user_key
  and pair.first_day between week_start(done.week) and week_start(done.week) + 6
where not (select is_large from size)
