-- Surges of the last hours within 50 km of the viewer's home city or of a tap of the viewer's latest active day, users
-- rounded down to 5. $1 user, $2 user_key or null, $3 now, $4 hours.
with latest_day as (
  -- Each by itself: on a cluster they may be on different nodes.
  select user_streaks.last_active_day as day from user_streaks where user_streaks.user_id = $1::uuid
), own_pair as (
  select pair.u1_key, pair.u2_key from pair where pair.u1_key = $2::integer
  union all
  select pair.u1_key, pair.u2_key from pair where pair.u2_key = $2::integer
), latest_pair_day as (
  select pair_day.first_tap_at, pair_day.last_tap_at
  from latest_day
  cross join own_pair
  join pair_day
    on pair_day.u1_key = own_pair.u1_key and pair_day.u2_key = own_pair.u2_key and pair_day.day = latest_day.day
), latest_moment as (
  select first_tap_at as tapped_at from latest_pair_day
  union
  select last_tap_at from latest_pair_day
), anchor as (
  select home_place.latitude, home_place.longitude from home_place where home_place.user_id = $1::uuid
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
), near as (
  select area.geohash5
  from (select distinct recent.geohash5 from recent) as area
  cross join lateral geohash5_middle(area.geohash5) as middle
  where exists (
    select 1 from anchor
    where kilometres(middle.latitude, middle.longitude, anchor.latitude, anchor.longitude) <= 50
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
