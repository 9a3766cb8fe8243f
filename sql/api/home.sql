-- The viewer's home city and its centre; no row where none is known. $1 user.
select
  home_location_struct.country,
  home_location_struct.state,
  home_location_struct.city,
  place.latitude,
  place.longitude
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
