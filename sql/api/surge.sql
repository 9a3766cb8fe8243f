-- Surges of the last hours within 50 km of the viewer's home city or of a tap of the viewer's latest active day, users
-- rounded down to 5. $1 user, $2 user_key or null, $3 now, $4 hours.
with latest_pair_day as (
  select pair_day.first_tap_at, pair_day.last_tap_at
  from user_streaks
  join pair on pair.u1_key = $2::integer
  join pair_day
    on pair_day.u1_key = pair.u1_key and pair_day.u2_key = pair.u2_key and pair_day.day = user_streaks.last_active_day
  where user_streaks.user_id = $1::uuid
  union all
  select pair_day.first_tap_at, pair_day.last_tap_at
  from user_streaks
  join pair on pair.u2_key = $2::integer
  join pair_day
    on pair_day.u1_key = pair.u1_key and pair_day.u2_key = pair.u2_key and pair_day.day = user_streaks.last_active_day
  where user_streaks.user_id = $1::uuid
), latest_moment as (
  select first_tap_at as tapped_at from latest_pair_day
  union
  select last_tap_at from latest_pair_day
), anchor as (
  select place.latitude, place.longitude
  from home_location_struct
  join lateral (
    select gazetteer_place.latitude, gazetteer_place.longitude
    from gazetteer_place
    where gazetteer_place.geohash5 = home_location_struct.geohash5
      and gazetteer_place.name = home_location_struct.city
      and gazetteer_place.country = home_location_struct.country
    order by gazetteer_place.population desc, gazetteer_place.place_id
    limit 1
  ) as place on true
  where home_location_struct.user_id = $1::uuid
  union
  select tap.latitude, tap.longitude
  from latest_moment
  join tap on tap.tap_time = latest_moment.tapped_at and (tap.id1 = $1::uuid or tap.id2 = $1::uuid)
  where tap.latitude between -90 and 90
    and tap.longitude between -180 and 180
    and not (tap.latitude = 0 and tap.longitude = 0)
), recent as (
  select
    surge_windows.window_id,
    surge_windows.area_name,
    surge_windows.geohash5,
    surge_windows.start_time,
    surge_windows.end_time,
    surge_windows.surge_multiplier,
    surge_windows.unique_users
  from surge_windows
  where surge_windows.end_time > $3::timestamptz - make_interval(hours => $4::integer)
    and surge_windows.start_time <= $3::timestamptz
), area as (
  -- The centre of a geohash: 25 bits, longitude and latitude by turns, in cells of 45/1024 degrees.
  select
    cell.geohash5,
    (sum(cell.bit << (11 - cell.place / 2)) filter (where cell.place % 2 = 1) + 0.5) * 45 / 1024 - 90 as latitude,
    (sum(cell.bit << (12 - cell.place / 2)) filter (where cell.place % 2 = 0) + 0.5) * 45 / 1024 - 180 as longitude
  from (
    select
      recent_cell.geohash5,
      place.place,
      (
        (strpos('0123456789bcdefghjkmnpqrstuvwxyz', substr(recent_cell.geohash5, place.place / 5 + 1, 1)) - 1)
        >> (4 - place.place % 5)
      ) & 1 as bit
    from (select distinct recent.geohash5 from recent) as recent_cell
    cross join generate_series(0, 24) as place (place)
  ) as cell
  group by cell.geohash5
), near as (
  select area.geohash5
  from area
  where exists (
    select from anchor
    where 2 * 6371 * asin(least(1, sqrt(
      power(sind((area.latitude::float8 - anchor.latitude) / 2), 2)
      + cosd(area.latitude::float8) * cosd(anchor.latitude)
        * power(sind((area.longitude::float8 - anchor.longitude) / 2), 2)
    ))) <= 50
  )
)
select
  recent.area_name,
  recent.start_time,
  recent.end_time,
  recent.surge_multiplier::float8 as surge_multiplier,
  (recent.unique_users / 5 * 5)::integer as unique_users
from near
join recent on recent.geohash5 = near.geohash5
order by recent.start_time desc, recent.surge_multiplier desc, recent.window_id
