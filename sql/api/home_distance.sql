-- Kilometres between the viewer's home city and that of each candidate who has one, on a sphere of 6371 km.
-- $1 user, $2 candidates' ids, separated by commas.
with placed as (
  select home_location_struct.user_id, place.latitude, place.longitude
  from unnest(string_to_array($1::text || ',' || $2::text, ',')::uuid[]) as wanted (user_id)
  join home_location_struct on home_location_struct.user_id = wanted.user_id
  join lateral (
    select gazetteer_place.latitude, gazetteer_place.longitude
    from gazetteer_place
    where gazetteer_place.geohash5 = home_location_struct.geohash5
      and gazetteer_place.name = home_location_struct.city
      and gazetteer_place.country = home_location_struct.country
    order by gazetteer_place.population desc, gazetteer_place.place_id
    limit 1
  ) as place on true
)
select
  candidate.user_id,
  2 * 6371 * asin(least(1, sqrt(
    power(sind((candidate.latitude - viewer.latitude) / 2), 2)
    + cosd(viewer.latitude) * cosd(candidate.latitude)
      * power(sind((candidate.longitude - viewer.longitude) / 2), 2)
  ))) as km
from placed as viewer
join placed as candidate on candidate.user_id <> viewer.user_id
where viewer.user_id = $1::uuid
