-- prepare
insert into quest_event (metric, user_key, week, day, tapped_at, amount)
select quest_scope.metric, user_cell.user_key, quest_scope.week, user_cell.first_day, user_cell.first_tap_at, 1
from quest_scope
join user_cell
  on user_cell.user_key = quest_scope.user_key
  and week_number(user_cell.first_day) = quest_scope.week
where quest_scope.metric = 'new_areas';
