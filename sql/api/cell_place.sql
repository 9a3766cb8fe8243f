-- The place that each cell counts as: the nearest one to its centre, within about 30 km; no row where there is none.
-- $1 cells, separated by commas.
with cell as materialized (
  -- The centre of a geohash: 25 bits, longitude and latitude by turns, in cells of 45/1024 degrees.
  select
    bits.geohash5,
    ((sum(bits.bit << (11 - bits.place / 2)) filter (where bits.place % 2 = 1) + 0.5)::float8 * 45 / 1024 - 90) as latitude,
    ((sum(bits.bit << (12 - bits.place / 2)) filter (where bits.place % 2 = 0) + 0.5)::float8 * 45 / 1024 - 180) as longitude
  from (
    select
      given.geohash5,
      place.place,
      (
        (strpos('0123456789bcdefghjkmnpqrstuvwxyz', substr(given.geohash5, place.place / 5 + 1, 1)) - 1)
        >> (4 - place.place % 5)
      ) & 1 as bit
    from unnest(string_to_array($1::text, ',')) as given (geohash5)
    cross join generate_series(0, 24) as place (place)
  ) as bits
  group by bits.geohash5
)
select cell.geohash5, nearest.place_id, nearest.name
from cell
cross join lateral (
  select gazetteer_place.place_id, gazetteer_place.name
  from generate_series(-6, 6) as north (step)
  cross join generate_series(-6, 6) as east (step)
  join gazetteer_place
    on gazetteer_place.geohash5
      = geohash5(
        cell.latitude + north.step * 45 / 1024.0::float8,
        cell.longitude + east.step * 45 / 1024.0::float8
      )
  order by
    power(gazetteer_place.latitude - cell.latitude, 2)
    + power((gazetteer_place.longitude - cell.longitude) * cosd(cell.latitude), 2),
    gazetteer_place.place_id
  limit 1
) as nearest
