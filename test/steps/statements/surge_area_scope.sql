-- prepare
insert into surge_area_scope (geohash5)
select changed_surge_area.geohash5
from changed_surge_area
left join surge_area on surge_area.geohash5 = changed_surge_area.geohash5
where (surge_area.geohash5 is not null)
  <> exists (select 1 from surge_hour where surge_hour.geohash5 = changed_surge_area.geohash5)
union
select surge_area.geohash5
from surge_area
where surge_area.named_from <> (select coalesce(max(gazetteer_load.digest), 'none') from gazetteer_load);
