-- When others came to a distance of exactly 2 of a user and when they left it for 1: the graph joined with itself,
-- user by user so that each user's paths are grouped in memory.
insert into second_degree_change (user_id, week_start, entered_count, left_count)
select person.user_id, change.week_start, change.entered_count, change.left_count
from verify_user
join person on person.user_id = verify_user.user_id
cross join lateral (
  with reached as (
    select far.friend_key as other_key, min(greatest(near.first_day, far.first_day)) as reached_on
    from tie as near
    join tie as far on far.person_key = near.friend_key
    where near.person_key = person.person_key
      and far.friend_key <> person.person_key
    group by far.friend_key
  ), stay as (
    select
      reached.reached_on - ((reached.reached_on - date '2001-01-01') % 7 + 7) % 7 as reached_week,
      direct.first_day - ((direct.first_day - date '2001-01-01') % 7 + 7) % 7 as met_week
    from reached
    left join (
      select tie.friend_key, tie.first_day
      from tie
      where tie.person_key = person.person_key
    ) as direct on direct.friend_key = reached.other_key
  )
  select
    moment.week_start,
    sum(moment.entered) as entered_count,
    sum(moment.gone) as left_count
  from stay
  cross join lateral (values (stay.reached_week, 1, 0), (stay.met_week, 0, 1)) as moment (week_start, entered, gone)
  where moment.week_start is not null
    and (stay.met_week is null or stay.reached_week < stay.met_week)
  group by moment.week_start
) as change
