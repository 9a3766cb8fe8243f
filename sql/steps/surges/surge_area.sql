-- Names of the areas with a flagged hour.
--! reads: surge_area_scope, surge_hour, gazetteer_load, gazetteer_place
--! writes: surge_area
--! grain: geohash5
--! values: area_name, named_from
select
  area.geohash5,
  geohash5_name(area.geohash5) as area_name,
  (select coalesce(max(gazetteer_load.digest), 'none') from gazetteer_load) as named_from
from (select distinct geohash5 from surge_area_scope) as area
where exists (select 1 from surge_hour where surge_hour.geohash5 = area.geohash5)
--: stored
from (select distinct geohash5 from surge_area_scope) as area
join surge_area as stored on stored.geohash5 = area.geohash5
--: noted renamed_surge_area
select stage.geohash5 from stage
