-- prepare
insert into changed_surge_area (geohash5)
select surge_windows.geohash5 from surge_windows
union
select surge_hour.geohash5 from surge_hour;
