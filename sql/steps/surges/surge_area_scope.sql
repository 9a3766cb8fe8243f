-- Areas whose name is looked up, or that need one no longer: those with changed surges, and all that were named from
-- another gazetteer.
--! reads: changed_surge_area, surge_hour, gazetteer_load
--! before: surge_area
--! writes: surge_area_scope
--! grain: geohash5
--! runs: always
select changed_surge_area.geohash5
from changed_surge_area
left join surge_area on surge_area.geohash5 = changed_surge_area.geohash5
where (surge_area.geohash5 is not null)
  <> exists (select 1 from surge_hour where surge_hour.geohash5 = changed_surge_area.geohash5)
union
select surge_area.geohash5
from surge_area
where surge_area.named_from <> (select coalesce(max(gazetteer_load.digest), 'none') from gazetteer_load)
