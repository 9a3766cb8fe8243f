-- The areas with a flagged hour and the place that each is named after; one that was named from another gazetteer keeps
-- its name until a run has a surge.
insert into expected_area (geohash5, area_name, is_of_now)
select
  area.geohash5,
  geohash5_name(area.geohash5),
  coalesce(surge_area.named_from = (select coalesce(max(gazetteer_load.digest), 'none') from gazetteer_load), true)
from (
  select expected_surge_hour.geohash5
  from expected_surge_hour
  where expected_surge_hour.is_flagged
  union
  -- Of days that are stale too.
  select surge_hour.geohash5
  from verify_clock
  join surge_hour on verify_clock.is_full
) as area
left join surge_area on surge_area.geohash5 = area.geohash5
