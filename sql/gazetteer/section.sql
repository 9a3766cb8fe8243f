-- Sets the city of every section of a city (until now such a place names itself as its city): the place of the same
-- country within about 30 km with the greatest population / distance squared. A section without one becomes a place of
-- its own.
with pulled as (
  select distinct on (section.place_id) section.place_id, city.place_id as city_id
  from gazetteer_place as section
  -- Bands of latitude as wide as the search: a place is joined only with places of its own band and the two beside it,
  -- not with a whole country.
  cross join generate_series(-1, 1) as neighbour (band)
  join gazetteer_place as city
    on city.country = section.country
    and floor(city.latitude / 0.27) = floor(section.latitude / 0.27) + neighbour.band
    and city.latitude between section.latitude - 0.27 and section.latitude + 0.27
    and abs(city.longitude - section.longitude) * cosd(section.latitude) <= 0.27
  where section.city_id is not null
    and city.city_id is null
  order by
    section.place_id,
    city.population / greatest(1, kilometres(section.latitude, section.longitude, city.latitude, city.longitude) ^ 2) desc,
    city.place_id
)
update gazetteer_place as section
set city_id = pulled.city_id
from gazetteer_place as marked
left join pulled on pulled.place_id = marked.place_id
where marked.city_id is not null
  and section.place_id = marked.place_id
