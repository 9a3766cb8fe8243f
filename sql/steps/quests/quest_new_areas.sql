-- Metric new_areas: the user's first tap ever in a geohash5 cell counts 1.
--! reads: quest_scope, user_cell
--! writes: quest_event
--! grain: metric, user_key, tapped_at
select quest_scope.metric, user_cell.user_key, quest_scope.week, user_cell.first_day, user_cell.first_tap_at, 1
from quest_scope
join user_cell
  on user_cell.user_key = quest_scope.user_key
  and week_number(user_cell.first_day) = quest_scope.week
where quest_scope.metric = 'new_areas'
