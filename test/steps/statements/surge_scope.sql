-- prepare
create temp table surge_scope as
with changed_area as (
  select
    changed.geohash5,
    changed.from_week,
    (
      -- One look at the key, however long the area's history is.
      select week_number(area_hour.day)
      from area_hour
      where area_hour.geohash5 = changed.geohash5
      order by area_hour.starts_at, area_hour.day
      limit 1
    ) as first_week
  from (
    select changed_area_hour.geohash5, min(changed_area_hour.week) as from_week
    from changed_area_hour
    group by changed_area_hour.geohash5
  ) as changed
), reached as (
  select changed_area_hour.geohash5, changed_area_hour.week + later.weeks as week
  from changed_area_hour
  cross join generate_series(0, 8) as later (weeks)
  union
  select area_hour.geohash5, week_number(area_hour.day)
  from changed_area
  join area_hour on area_hour.geohash5 = changed_area.geohash5
  where changed_area.from_week <= changed_area.first_week
  union
  select surge_hour.geohash5, week_number(surge_hour.day)
  from changed_area
  join surge_hour on surge_hour.geohash5 = changed_area.geohash5
  where changed_area.from_week <= changed_area.first_week or changed_area.first_week is null
)
select reached.geohash5, reached.week, coalesce(changed_area.first_week, reached.week) as first_week
from reached
join changed_area on changed_area.geohash5 = reached.geohash5;
