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
  with path as (
    select far.friend_key as other_key, greatest(far.near_week, far.first_week) as reached_week, null::integer as met_week
    from (
      select
        near.first_week as near_week,
        unnest(tie_list.friend_keys) as friend_key,
        unnest(tie_list.first_weeks) as first_week
      from tie as near
      join tie_list on tie_list.person_key = near.friend_key
      where near.person_key = person.person_key
    ) as far
    where far.friend_key <> person.person_key
    union all
    select tie.friend_key, null, tie.first_week
    from tie
    where tie.person_key = person.person_key
  ), stay as (
    select min(path.reached_week) as reached_week, min(path.met_week) as met_week
    from path
    group by path.other_key
  ), change_of_one as (
    select stay.reached_week as week, count(*) as entered, 0 as gone
    from stay
    where stay.reached_week < coalesce(stay.met_week, 2147483647)
    group by stay.reached_week
    union all
    select stay.met_week, 0, count(*)
    from stay
    where stay.reached_week < stay.met_week
    group by stay.met_week
  )
  select change_of_one.week, sum(change_of_one.entered) as entered_count, sum(change_of_one.gone) as left_count
  from change_of_one
  group by change_of_one.week
) as change
