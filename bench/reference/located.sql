-- user_cell_day, user_cell and area_hour, with the same geohash5() as the steps.
create table user_cell_day as
select user_key, geohash5, day, min(time) as first_tap_at
from (
  select unnest(array[key1.user_key, key2.user_key]) as user_key,
    gamification.geohash5(latitude, longitude) as geohash5, (time at time zone 'UTC')::date as day, time
  from public.taps
  join user_key as key1 on key1.user_id = id1
  join user_key as key2 on key2.user_id = id2
  where latitude between -90 and 90 and longitude between -180 and 180 and not (latitude = 0 and longitude = 0)
) as visit
group by user_key, geohash5, day;
alter table user_cell_day add primary key (user_key, geohash5, day);
create index on user_cell_day (day);
create table user_cell as
select user_key, geohash5, min(day) as first_day, min(first_tap_at) as first_tap_at
from user_cell_day
group by user_key, geohash5;
alter table user_cell add primary key (user_key, geohash5);
create table area_hour as
select geohash5, starts_at, starts_at::date as day, count(distinct id)::integer as tap_count,
  array_agg(distinct user_key order by user_key) as user_keys
from (
  select taps.id, unnest(array[key1.user_key, key2.user_key]) as user_key,
    gamification.geohash5(latitude, longitude) as geohash5, date_trunc('hour', time at time zone 'UTC') as starts_at
  from public.taps
  join user_key as key1 on key1.user_id = id1
  join user_key as key2 on key2.user_id = id2
  where latitude between -90 and 90 and longitude between -180 and 180 and not (latitude = 0 and longitude = 0)
) as visit
group by geohash5, starts_at;
alter table area_hour add primary key (geohash5, starts_at);
create index on area_hour (day);
