-- The largest place of a name, in any of its spellings, within a region where one is given. $1 name, $2 state, country
-- or "state, country" or null. A state and a country are known by code and by name.
select
  gazetteer_place.place_id,
  concat_ws(', ', gazetteer_place.name, gazetteer_place.state, gazetteer_place.country) as label
from gazetteer_name
join gazetteer_place on gazetteer_place.place_id = gazetteer_name.place_id
left join gazetteer_state
  on gazetteer_state.country = gazetteer_place.country and gazetteer_state.code = gazetteer_place.state
left join gazetteer_country on gazetteer_country.code = gazetteer_place.country
cross join lateral (
  select
    array[lower(gazetteer_place.state), gazetteer_state.name_key] as states,
    array[lower(gazetteer_place.country), gazetteer_country.name_key] as countries
) as region
where gazetteer_name.name_key = place_key($1::text)
  and (
    $2::text is null
    or place_key(split_part($2::text, ',', 1)) = any (region.states)
    or place_key(split_part($2::text, ',', 1)) = any (region.countries)
  )
  and (
    coalesce(split_part($2::text, ',', 2), '') = ''
    or place_key(split_part($2::text, ',', 2)) = any (region.countries)
  )
order by gazetteer_name.population desc, gazetteer_name.place_id
limit 1
