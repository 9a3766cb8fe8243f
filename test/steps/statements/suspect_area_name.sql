-- prepare
insert into surge_area_scope (geohash5)
select surge_area.geohash5 from surge_area
union
select surge_hour.geohash5 from surge_hour;
