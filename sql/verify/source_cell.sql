-- Where the pairs tapped on the verified days: by geohash5 cell and local clock hour, from the source. A cell is
-- 45/1024 degrees wide and high; its five characters are spelt from 25 bits, longitude and latitude in turn.
-- $1 whether everybody's taps are read, or those of the users only.
with located as (
  select
    classified_tap.tapped_at at time zone verify_stretch.zone as local_time,
    least(8191, 4096 + floor(classified_tap.longitude * 1024 / 45)::integer) as x,
    least(4095, 2048 + floor(classified_tap.latitude * 1024 / 45)::integer) as y,
    classified_tap.u1,
    classified_tap.u2,
    classified_tap.tapped_at
  from verify_stretch
  join classified_tap
    on classified_tap.tap_time >= verify_stretch.starts_at
    and classified_tap.tap_time < verify_stretch.ends_at
  where classified_tap.ignored_because is null
    and classified_tap.latitude is not null
    and classified_tap.longitude is not null
    and (
      $1::boolean
      or classified_tap.u1 in (select verify_user.user_id from verify_user)
      or classified_tap.u2 in (select verify_user.user_id from verify_user)
    )
), presence as (
  select
    located.local_time::date as day,
    located.x,
    located.y,
    located.tapped_at - make_interval(
      mins => extract(minute from located.local_time)::integer,
      secs => extract(second from located.local_time)::float8
    ) as starts_at,
    extract(hour from located.local_time) as hour,
    located.u1,
    located.u2,
    count(*) as tap_count,
    min(located.tapped_at) as first_tap_at
  from located
  join verify_day on verify_day.day = located.local_time::date and not verify_day.is_frozen
  group by 1, 2, 3, 4, 5, 6, 7
), letter as (
  select
    corner.x,
    corner.y,
    bit.place / 5 as position,
    sum(
      (case when bit.place % 2 = 0 then corner.x >> (12 - bit.place / 2) else corner.y >> (11 - bit.place / 2) end & 1)
        << (4 - bit.place % 5)
    )::integer as code
  from (select distinct presence.x, presence.y from presence) as corner
  cross join generate_series(0, 24) as bit (place)
  group by corner.x, corner.y, bit.place / 5
), cell as (
  select
    letter.x,
    letter.y,
    string_agg(substr('0123456789bcdefghjkmnpqrstuvwxyz', letter.code + 1, 1), '' order by letter.position) as geohash5
  from letter
  group by letter.x, letter.y
)
insert into source_cell (day, geohash5, starts_at, hour, u1, u2, tap_count, first_tap_at)
select
  presence.day,
  cell.geohash5,
  presence.starts_at,
  presence.hour,
  presence.u1,
  presence.u2,
  presence.tap_count,
  presence.first_tap_at
from presence
join cell on cell.x = presence.x and cell.y = presence.y
