-- The areas and weeks that have an hour to judge and weeks to judge it by: n of them, the weeks before, at most 8, none
-- before the area's first; under 3 there is no judgement. A number stands for area and week: what follows is sorted by
-- it many times.
--! reads: surge_scope, area_hour
--! writes: surge_model
--! grain: model_no
select
  (row_number() over (order by surge_scope.geohash5, surge_scope.week))::integer as model_no,
  surge_scope.geohash5,
  surge_scope.week,
  least(8, surge_scope.week - surge_scope.first_week) as n
from surge_scope
where surge_scope.week - surge_scope.first_week >= 3
  and exists (
    select 1
    from area_hour
    where area_hour.geohash5 = surge_scope.geohash5
      and area_hour.starts_at >= week_start(surge_scope.week)::timestamp at time zone 'UTC' - interval '1 day'
      and area_hour.starts_at < week_start(surge_scope.week)::timestamp at time zone 'UTC' + interval '8 days'
      and week_number(area_hour.day) = surge_scope.week
      and area_hour.tap_count >= 5
      and cardinality(area_hour.user_keys) >= 5
  )
