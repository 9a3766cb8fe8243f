-- The areas with a flagged hour and the place that each is named after; one that was named from another gazetteer keeps
-- its name until a run has a surge. Nearest is what docs/semantics.md#places says, not the steps' function for it.
insert into expected_area (geohash5, area_name, is_of_now)
with area as (
  select expected_surge_hour.geohash5
  from expected_surge_hour
  where expected_surge_hour.is_flagged
  union
  -- Of days that are stale too.
  select surge_hour.geohash5
  from verify_clock
  join surge_hour on verify_clock.is_full
), halving as (
  -- Five characters of five bits. From the left they halve the longitudes and the latitudes by turns; 1 is the upper
  -- half.
  select
    area.geohash5,
    bit.number % 2 = 0 as is_longitude,
    substring(
      (strpos('0123456789bcdefghjkmnpqrstuvwxyz', substring(area.geohash5 from bit.number / 5 + 1 for 1)) - 1)::bit(5)
      from bit.number % 5 + 1 for 1
    )::bit(1)::integer * power(0.5::double precision, bit.number / 2 + 1) as share
  from area
  cross join generate_series(0, 24) as bit (number)
), middle as (
  select
    halving.geohash5,
    -180 + 360 * (sum(halving.share) filter (where halving.is_longitude) + power(0.5::double precision, 14)) as longitude,
    -90 + 180 * (sum(halving.share) filter (where not halving.is_longitude) + power(0.5::double precision, 13)) as latitude
  from halving
  group by halving.geohash5
), nearest as (
  select distinct on (middle.geohash5)
    middle.geohash5,
    coalesce(place.city_id, place.place_id) as city_id
  from middle
  join gazetteer_place as place
    on place.latitude between middle.latitude - 0.5 and middle.latitude + 0.5
  -- The shorter way around the globe, in degrees of latitude.
  cross join lateral (
    select cosd(middle.latitude) * (180 - abs(180 - abs(place.longitude - middle.longitude))) as degrees
  ) as eastward
  where eastward.degrees <= 0.5
  order by
    middle.geohash5,
    power(place.latitude - middle.latitude, 2) + power(eastward.degrees, 2),
    place.population desc,
    place.place_id
)
select
  area.geohash5,
  case when city.place_id is null then area.geohash5 else city.name || ', ' || coalesce(city.state, city.country) end,
  coalesce(surge_area.named_from = (select coalesce(max(gazetteer_load.digest), 'none') from gazetteer_load), true)
from area
left join nearest on nearest.geohash5 = area.geohash5
left join gazetteer_place as city on city.place_id = nearest.city_id
left join surge_area on surge_area.geohash5 = area.geohash5
