-- In a repair: every day that any table has for a marked user, and for every user on a marked day or in its week. Each
-- is treated as a day that appeared or vanished, so that the runs around it are derived again.
--! reads: batch_day, batch_user, user_key, user_day_activity, quest_rule
--! before: activity_run, user_streaks, user_week_activity, user_quest_progress
--! writes: changed_user_day
--! grain: user_id, day
--! runs: repair
--! spread: by_user
with marked_week as (
  select distinct week_start(week_number(batch_day.day)) as week_start from batch_day where batch_day.forced
)
select user_day_activity.user_id, user_day_activity.day, false, true
from batch_user
join user_day_activity on user_day_activity.user_id = batch_user.user_id
union
select user_day_activity.user_id, user_day_activity.day, false, true
from batch_day
join user_day_activity on user_day_activity.day = batch_day.day
where batch_day.forced
union
select batch_user.user_id, unnest(array[activity_run.started_on, activity_run.ended_on]), true, false
from batch_user
join user_key on user_key.user_id = batch_user.user_id
join activity_run on activity_run.user_key = user_key.user_key
union
select user_streaks.user_id, user_streaks.last_active_day, true, false
from batch_user
join user_streaks on user_streaks.user_id = batch_user.user_id
union
select user_week_activity.user_id, user_week_activity.week_start, true, false
from batch_user
join user_week_activity on user_week_activity.user_id = batch_user.user_id
union
select user_week_activity.user_id, user_week_activity.week_start, true, false
from marked_week
join user_week_activity
  on user_week_activity.year = iso_year(week_number(marked_week.week_start))
  and user_week_activity.iso_week = iso_week(week_number(marked_week.week_start))
union
select user_quest_progress.user_id, user_quest_progress.week_start, true, false
from batch_user
join user_quest_progress on user_quest_progress.user_id = batch_user.user_id
union
select user_quest_progress.user_id, user_quest_progress.week_start, true, false
from marked_week
cross join quest_rule
join user_quest_progress
  on user_quest_progress.quest_id = quest_rule.quest_id
  and user_quest_progress.week_start = marked_week.week_start
