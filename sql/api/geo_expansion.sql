-- Cities in which the viewer tapped for the first time within the window, and the viewer's taps there since.
-- $1 user, $2 user_key, $3 first day of the window, $4 its last day, $5 the viewer's zone.
-- A tap is in the city nearest to the centre of its geohash cell, within about 30 km; where there is none it is nowhere.
with viewer_cell as (
  select
    user_cell.geohash5,
    user_cell.first_tap_at,
    user_cell.first_tap_at >= $3::date::timestamp at time zone $5::text
      and user_cell.first_tap_at < ($4::date + 1)::timestamp at time zone $5::text as is_new
  from user_cell
  where user_cell.user_key = $2::integer
), cell as (
  -- The centre of a geohash: 25 bits, longitude and latitude by turns, in cells of 45/1024 degrees.
  select
    bits.geohash5,
    bits.first_tap_at,
    bits.is_new,
    ((sum(bits.bit << (11 - bits.place / 2)) filter (where bits.place % 2 = 1) + 0.5) * 45 / 1024 - 90)::float8 as latitude,
    ((sum(bits.bit << (12 - bits.place / 2)) filter (where bits.place % 2 = 0) + 0.5) * 45 / 1024 - 180)::float8 as longitude
  from (
    select
      viewer_cell.geohash5,
      viewer_cell.first_tap_at,
      viewer_cell.is_new,
      place.place,
      (
        (strpos('0123456789bcdefghjkmnpqrstuvwxyz', substr(viewer_cell.geohash5, place.place / 5 + 1, 1)) - 1)
        >> (4 - place.place % 5)
      ) & 1 as bit
    from viewer_cell
    cross join generate_series(0, 24) as place (place)
    where exists (select from viewer_cell as fresh where fresh.is_new)
  ) as bits
  group by bits.geohash5, bits.first_tap_at, bits.is_new
), relevant as (
  -- Only a cell near a new one can make its city an old one.
  select cell.geohash5, cell.first_tap_at, cell.latitude, cell.longitude
  from cell
  where exists (
    select from cell as fresh
    where fresh.is_new
      and abs(fresh.latitude - cell.latitude) < 0.6
      and abs(fresh.longitude - cell.longitude) < 1.2
  )
), placed as (
  select relevant.geohash5, relevant.first_tap_at, nearest.place_id, nearest.name
  from relevant
  cross join lateral (
    select gazetteer_place.place_id, gazetteer_place.name
    from generate_series(-6, 6) as north (step)
    cross join generate_series(-6, 6) as east (step)
    join gazetteer_place
      on gazetteer_place.geohash5
        = geohash5(relevant.latitude + north.step * 45 / 1024.0, relevant.longitude + east.step * 45 / 1024.0)
    order by
      power(gazetteer_place.latitude - relevant.latitude, 2)
      + power((gazetteer_place.longitude - relevant.longitude) * cosd(relevant.latitude), 2),
      gazetteer_place.place_id
    limit 1
  ) as nearest
), new_city as (
  select placed.place_id, placed.name, min(placed.first_tap_at) as first_tap_at
  from placed
  group by placed.place_id, placed.name
  having min(placed.first_tap_at) >= $3::date::timestamp at time zone $5::text
    and min(placed.first_tap_at) < ($4::date + 1)::timestamp at time zone $5::text
), visit as (
  select new_city.place_id, placed.geohash5, user_cell_day.day
  from new_city
  join placed on placed.place_id = new_city.place_id
  join user_cell_day on user_cell_day.user_key = $2::integer and user_cell_day.geohash5 = placed.geohash5
), viewer_pair as (
  select pair.u1_key, pair.u2_key, pair.u2_key as partner_key from pair where pair.u1_key = $2::integer
  union all
  select pair.u1_key, pair.u2_key, pair.u1_key from pair where pair.u2_key = $2::integer
), pair_span as (
  select partner.user_id as partner_id, pair_day.first_tap_at, pair_day.last_tap_at
  from (select distinct visit.day from visit) as visited
  cross join viewer_pair
  join pair_day
    on pair_day.u1_key = viewer_pair.u1_key and pair_day.u2_key = viewer_pair.u2_key and pair_day.day = visited.day
  join user_key as partner on partner.user_key = viewer_pair.partner_key
), tapped as (
  select geohash5(tap.latitude, tap.longitude) as geohash5
  from pair_span
  join tap
    on tap.tap_time >= pair_span.first_tap_at
    and tap.tap_time <= pair_span.last_tap_at
    and (
      (tap.id1 = $1::uuid and tap.id2 = pair_span.partner_id)
      or (tap.id2 = $1::uuid and tap.id1 = pair_span.partner_id)
    )
  where tap.latitude between -90 and 90
    and tap.longitude between -180 and 180
    and not (tap.latitude = 0 and tap.longitude = 0)
    and tap.tapped_at < ($4::date + 1)::timestamp at time zone $5::text
)
select new_city.name as city, count(*)::integer as new_taps
from new_city
join placed on placed.place_id = new_city.place_id
join tapped on tapped.geohash5 = placed.geohash5
group by new_city.place_id, new_city.name
order by new_taps desc, new_city.name, new_city.place_id
