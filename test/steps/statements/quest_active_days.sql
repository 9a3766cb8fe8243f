-- prepare
insert into quest_event (metric, user_key, week, day, tapped_at, amount)
select
  'active_days',
  quest_user_day.user_key,
  quest_user_day.week,
  quest_user_day.day,
  quest_user_day.first_tap_at,
  1
from quest_scope
join quest_user_day on quest_user_day.user_key = quest_scope.user_key and quest_user_day.week = quest_scope.week
where quest_scope.metric = 'active_days';
