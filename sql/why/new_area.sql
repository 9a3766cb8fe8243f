-- The first tap of user $2 in every cell on a processed day, from the source. $1 zone.
select distinct on (visited.geohash5)
  to_char(visited.day, 'YYYY-MM-DD') as day,
  to_char(visited.tapped_at at time zone $1::text, 'YYYY-MM-DD HH24:MI:SS') as local_time,
  to_char(visited.tapped_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as utc_time,
  format('in area %s', visited.geohash5) as what
from (
  select
    classified_tap.tapped_at,
    (classified_tap.tapped_at at time zone $1::text)::date as day,
    geohash5(classified_tap.latitude, classified_tap.longitude) as geohash5
  from classified_tap
  where $2::uuid in (classified_tap.u1, classified_tap.u2)
    and classified_tap.ignored_because is null
    and classified_tap.latitude is not null
    and classified_tap.longitude is not null
) as visited
join processed_day on processed_day.day = visited.day
order by visited.geohash5, visited.tapped_at
