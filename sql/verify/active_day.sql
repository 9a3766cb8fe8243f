-- Every active day of the users, with the first day of its run: the latest active day up to it that has no active day
-- before.
with user_day as (
  select
    tapper.user_id,
    fact.day,
    sum(fact.tap_count) as tap_count,
    count(*) filter (where expected_pair.first_day = fact.day) as first_degree_new_count,
    min(fact.first_tap_at) as first_tap_at,
    max(fact.last_tap_at) as last_tap_at
  from fact
  join expected_pair on expected_pair.u1 = fact.u1 and expected_pair.u2 = fact.u2
  cross join lateral (values (fact.u1), (fact.u2)) as tapper (user_id)
  join verify_user on verify_user.user_id = tapper.user_id
  group by tapper.user_id, fact.day
), neighboured as (
  select
    user_day.user_id,
    user_day.day,
    user_day.tap_count,
    user_day.first_degree_new_count,
    user_day.first_tap_at,
    user_day.last_tap_at,
    lag(user_day.day) over walk as day_before,
    lag(user_day.first_tap_at) over walk as first_tap_before,
    lead(user_day.day) over walk as day_after
  from user_day
  window walk as (partition by user_day.user_id order by user_day.day)
)
insert into active_day (
  user_id, day, tap_count, first_degree_new_count, first_tap_at, last_tap_at, both_tapped_at, run_started_on, ends_run
)
select
  neighboured.user_id,
  neighboured.day,
  neighboured.tap_count,
  neighboured.first_degree_new_count,
  neighboured.first_tap_at,
  neighboured.last_tap_at,
  greatest(neighboured.first_tap_at, neighboured.first_tap_before),
  max(neighboured.day) filter (where neighboured.day_before is distinct from neighboured.day - 1)
    over (partition by neighboured.user_id order by neighboured.day),
  neighboured.day_after is distinct from neighboured.day + 1
from neighboured
