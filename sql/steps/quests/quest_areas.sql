-- Metric new_areas: the user's first tap ever in a geohash5 cell counts 1.
-- Of many users all cells that were new in their weeks are read, of a few their own.
--! reads: quest_scope, quest_week, user_cell
--! writes: quest_event
--! grain: metric, user_key, tapped_at
--! spread: by_user
with scope as not materialized (
  select quest_scope.user_key, quest_scope.week
  from quest_scope
  where (quest_scope.metrics is null or 'new_areas' = any (quest_scope.metrics))
    and exists (select 1 from quest_week where quest_week.metric = 'new_areas')
), size as (
  select count(*) > 100 * count(distinct week) as is_large from quest_scope
)
select 'new_areas' as metric, visited.user_key, visited.week, visited.first_day as day, visited.first_tap_at as tapped_at
from (
  -- With an offset the week is a column of its own, by which the scope is joined, and not a filter on all cells of a
  -- user.
  select user_cell.user_key, week_number(user_cell.first_day) as week, user_cell.first_day, user_cell.first_tap_at
  from (select week_start(min(week)) as first_day, week_start(max(week)) + 6 as last_day from quest_scope) as bound
  join user_cell on user_cell.first_day between bound.first_day and bound.last_day
  where (select is_large from size)
  offset 0
) as visited
join scope on scope.user_key = visited.user_key and scope.week = visited.week
union all
select 'new_areas', scope.user_key, scope.week, user_cell.first_day, user_cell.first_tap_at
from scope
join user_cell on user_cell.user_key = scope.user_key and week_number(user_cell.first_day) = scope.week
where not (select is_large from size)
