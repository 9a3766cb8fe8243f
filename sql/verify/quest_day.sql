-- The days on which something counts for a quest, and the window in which it counts: a week, its weekend, or the day.
insert into quest_day (quest_id, metric, target, day, week_start, window_start)
select
  quest_week.quest_id,
  quest_week.metric,
  quest_week.target,
  verify_calendar.day,
  verify_calendar.week_start,
  case when quest_week.span = 'day' then verify_calendar.day else verify_calendar.week_start end
from quest_week
join verify_calendar
  on verify_calendar.week_start = quest_week.week_start
  and (quest_week.span <> 'weekend' or verify_calendar.days_after_monday >= 5)
