-- When others came to a distance of exactly 2 of a user and when they left it for 1: the graph joined with itself,
-- user by user so that each user's paths are grouped in memory.
insert into second_degree_change (user_id, week_start, entered_count, left_count)
select
  person.user_id,
  date '2001-01-01' + 7 * change.week,
  change.entered_count,
  change.left_count
from verify_user
join person on person.user_id = verify_user.user_id
cross join lateral (
  with reach as (
    select reached.reached_week, reached.met_week
    from pg_temp.reach_of(person.person_key) as reached
    where reached.reached_week < coalesce(reached.met_week, 2147483647)
  )
  select moved.week, sum(moved.entered) as entered_count, sum(moved.gone) as left_count
  from (
    select reach.reached_week as week, count(*) as entered, 0 as gone
    from reach
    group by reach.reached_week
    union all
    select reach.met_week, 0, count(*)
    from reach
    where reach.met_week is not null
    group by reach.met_week
  ) as moved
  group by moved.week
) as change
