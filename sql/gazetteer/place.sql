-- Adds places, a parameter for each column. A section of a city names itself as its city until section.sql has run.
insert into gazetteer_place (place_id, name, country, state, population, latitude, longitude, geohash5, city_id)
select
  place_id, name, country, state, population, latitude, longitude, geohash5,
  case when is_section then place_id end
from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::int[], $6::float8[], $7::float8[], $8::text[], $9::bool[])
  as packaged (place_id, name, country, state, population, latitude, longitude, geohash5, is_section)
