-- In a repair: all areas are named again.
--! reads: batch_user, surge_hour
--! before: surge_area
--! writes: surge_area_scope
--! grain: geohash5
--! runs: repair
select surge_area.geohash5 from surge_area
union
select surge_hour.geohash5 from surge_hour
