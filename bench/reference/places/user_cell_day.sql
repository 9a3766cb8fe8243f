-- With the same geohash5() as the steps.
create table user_cell_day as
select visit.user_key, visit.geohash5, visit.day, min(visit.time) as first_tap_at
from (
  select
    unnest(array[key1.user_key, key2.user_key]) as user_key,
    gamification.geohash5(tap.latitude, tap.longitude) as geohash5,
    (tap.time at time zone 'UTC')::date as day,
    tap.time
  from tap
  join user_key as key1 on key1.user_id = tap.id1
  join user_key as key2 on key2.user_id = tap.id2
  where tap.id1 <> tap.id2
    and tap.latitude between -90 and 90
    and tap.longitude between -180 and 180
    and not (tap.latitude = 0 and tap.longitude = 0)
) as visit
group by visit.user_key, visit.geohash5, visit.day;
alter table user_cell_day add primary key (user_key, geohash5, day);
create index on user_cell_day (day);
