create table area_hour as
select
  visit.geohash5,
  visit.starts_at,
  (visit.starts_at at time zone 'UTC')::date as day,
  (24 * (extract(isodow from visit.starts_at at time zone 'UTC') - 1) + extract(hour from visit.starts_at at time zone 'UTC'))::smallint
    as slot,
  count(distinct visit.id)::integer as tap_count,
  array_agg(distinct visit.user_key order by visit.user_key) as user_keys
from (
  select
    tap.id,
    unnest(array[key1.user_key, key2.user_key]) as user_key,
    gamification.geohash5(tap.latitude, tap.longitude) as geohash5,
    date_trunc('hour', tap.time at time zone 'UTC') at time zone 'UTC' as starts_at
  from tap
  join user_key as key1 on key1.user_id = tap.id1
  join user_key as key2 on key2.user_id = tap.id2
  where tap.id1 <> tap.id2
    and tap.latitude between -90 and 90
    and tap.longitude between -180 and 180
    and not (tap.latitude = 0 and tap.longitude = 0)
) as visit
group by visit.geohash5, visit.starts_at;
alter table area_hour add primary key (geohash5, starts_at, slot);
create index on area_hour (day);
analyze area_hour;
