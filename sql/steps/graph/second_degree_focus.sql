-- The users whose second degree is counted anew, and from which week on: either end of a changed connection (unless
-- connections were only added, see second_degree_added), and whoever has a week that is not stored yet and is over:
-- what stood at its end is not known. Everybody else is reached through them and only shifted. A connection that
-- changed far from a focus user can still be the second half of a path of theirs, so the earliest change counts for
-- all.
--! reads: changed_friend, second_degree_added, second_degree_suspect, changed_user_day, user_key
--! before: user_week_activity, second_degree
--! writes: second_degree_focus
--! grain: user_key
--! spread: by_user
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
group by candidate.user_key
