-- prepare
insert into quest_event (metric, user_key, week, day, tapped_at)
select 'assists' as metric, quest_scope.user_key, quest_scope.week, quest_assist.day, quest_assist.tapped_at
from quest_assist
join quest_scope
  on quest_scope.user_key = quest_assist.user_key
  and quest_scope.week = week_number(quest_assist.day)
  and 'assists' = any (quest_scope.metrics);
