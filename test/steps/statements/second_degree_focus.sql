-- prepare
create temp table second_degree_focus as
with candidate as (
  select user_key, least(old_week, new_week) as from_week from changed_friend
  where not exists (select 1 from second_degree_added)
  union all
  select user_key, from_week from second_degree_suspect
  union all
  select user_key.user_key, week_number(changed_user_day.day)
  from changed_user_day
  join user_key on user_key.user_id = changed_user_day.user_id
  left join user_week_activity
    on user_week_activity.user_id = changed_user_day.user_id
    and user_week_activity.year = iso_year(week_number(changed_user_day.day))
    and user_week_activity.iso_week = iso_week(week_number(changed_user_day.day))
  left join second_degree on second_degree.user_key = user_key.user_key
  where changed_user_day.is_active
    and user_week_activity.user_id is null
    and (second_degree.user_key is null or week_number(changed_user_day.day) < second_degree.week)
)
select
  candidate.user_key,
  least(
    min(candidate.from_week),
    (select min(least(changed_friend.old_week, changed_friend.new_week)) from changed_friend)
  ) as from_week
from candidate
join own_user on own_user.user_key = candidate.user_key
group by candidate.user_key;
