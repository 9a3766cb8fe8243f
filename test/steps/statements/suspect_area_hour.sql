-- prepare
insert into changed_area_hour (geohash5, week)
select area_hour.geohash5, week_number(area_hour.day)
from batch_day
join area_hour on area_hour.day = batch_day.day
where batch_day.forced
union
select surge_hour.geohash5, week_number(surge_hour.day)
from batch_day
join surge_hour on surge_hour.day = batch_day.day
where batch_day.forced
union
select surge_hour.geohash5, week_number(surge_hour.day)
from surge_hour
left join area_hour
  on area_hour.geohash5 = surge_hour.geohash5
  and area_hour.starts_at = surge_hour.starts_at
  and area_hour.slot = surge_hour.slot
  and area_hour.day = surge_hour.day
where area_hour.day is null;
