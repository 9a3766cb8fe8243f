-- The weeks of an area that are judged again. A week's hours are judged by the up to eight weeks before it, so a change
-- reaches eight weeks on; one at the area's beginning changes how many weeks there are before, so it reaches all.
--! reads: changed_area_hour, batch_day, batch_user, area_hour
--! stored: surge_hour
--! writes: surge_scope
--! grain: geohash5, week
--! params: zone
with changed_week as (
  select changed_area_hour.geohash5, changed_area_hour.week
  from changed_area_hour
  union
  select surge_hour.geohash5, week_number(batch_day.day)
  from batch_day
  join surge_hour
    on surge_hour.starts_at >= batch_day.day::timestamp at time zone $1::text
    and surge_hour.starts_at < (batch_day.day + 1)::timestamp at time zone $1::text
  where batch_day.forced
  union
  -- A repair also looks at flagged hours that are not in area_hour.
  select surge_hour.geohash5, week_number((surge_hour.starts_at at time zone $1::text)::date)
  from surge_hour
  left join area_hour on area_hour.geohash5 = surge_hour.geohash5 and area_hour.starts_at = surge_hour.starts_at
  where exists (select from batch_user)
    and area_hour.day is null
), changed_area as (
  select
    changed.geohash5,
    changed.from_week,
    (
      select week_number((min(area_hour.starts_at) at time zone $1::text)::date)
      from area_hour
      where area_hour.geohash5 = changed.geohash5
    ) as first_week
  from (
    select changed_week.geohash5, min(changed_week.week) as from_week
    from changed_week
    group by changed_week.geohash5
  ) as changed
), reached as (
  select changed_week.geohash5, changed_week.week + later.weeks as week
  from changed_week
  cross join generate_series(0, 8) as later (weeks)
  union
  select area_hour.geohash5, week_number(area_hour.day)
  from changed_area
  join area_hour on area_hour.geohash5 = changed_area.geohash5
  where changed_area.from_week <= changed_area.first_week
  union
  select surge_hour.geohash5, week_number((surge_hour.starts_at at time zone $1::text)::date)
  from changed_area
  join surge_hour on surge_hour.geohash5 = changed_area.geohash5
  where changed_area.from_week <= changed_area.first_week or changed_area.first_week is null
), added as (
  insert into surge_scope (geohash5, week, first_week)
  select reached.geohash5, reached.week, coalesce(changed_area.first_week, reached.week)
  from reached
  join changed_area on changed_area.geohash5 = reached.geohash5
  returning 1
)
select count(*)::integer as inserted, 0 as updated, 0 as deleted from added
