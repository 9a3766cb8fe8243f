-- In a repair: the weeks of marked users, and everybody's in the weeks of marked days.
--! reads: batch_day, batch_user, user_week_activity
--! before: weekly_leaderboard
--! writes: changed_user_week
--! grain: user_id, week
--! runs: repair
--! spread: by_user
with marked_week as (
  select distinct week_number(batch_day.day) as week from batch_day where batch_day.forced
)
select user_week_activity.user_id, week_number(user_week_activity.week_start)
from batch_user
join user_week_activity on user_week_activity.user_id = batch_user.user_id
union
select weekly_leaderboard.user_id, week_number(weekly_leaderboard.week_start)
from batch_user
join weekly_leaderboard on weekly_leaderboard.user_id = batch_user.user_id
union
select user_week_activity.user_id, marked_week.week
from marked_week
join user_week_activity
  on user_week_activity.year = iso_year(marked_week.week)
  and user_week_activity.iso_week = iso_week(marked_week.week)
