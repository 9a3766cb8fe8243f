-- Every area with a flagged hour has the name that the gazetteer gives it, and no other area has a name. An area that
-- was named from another gazetteer is named again by the next run that has a surge.
--! table: surge_area
--! says: names of the areas with a surge, from the gazetteer
--! key: geohash5
--! compared: area_name
--! excused: area_name where not expected.is_of_now
--! mark_user: nobody
--: expected
select expected_area.geohash5, expected_area.area_name, expected_area.is_of_now
from expected_area
--: stored
select surge_area.geohash5, surge_area.area_name
from verify_clock
cross join surge_area
where verify_clock.is_full
  or surge_area.geohash5 in (select expected_area.geohash5 from expected_area)
