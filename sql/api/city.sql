-- The largest place of a name, in any of its spellings, within a region where one is given. $1 name, $2 state, country
-- or "state, country" or null. A state and a country are known by code, by name and by whatever else the gazetteer
-- calls them; of another region (England) it knows the country alone.
with area as materialized (
  -- As gazetteer_area, which makes the keys of all codes to compare them. Two keys at most are looked up here.
  select gazetteer_alias.alias_key as area_key, gazetteer_alias.state, gazetteer_alias.country
  from gazetteer_alias
  where gazetteer_alias.alias_key in (
      place_key(split_part($2::text, ',', 1)), place_key(split_part($2::text, ',', 2))
    )
    and gazetteer_alias.country is not null
    and (gazetteer_alias.city is null or gazetteer_alias.state is not null)
  union all
  select gazetteer_region.region_key, null, gazetteer_region.country
  from gazetteer_region
  where gazetteer_region.region_key in (
    place_key(split_part($2::text, ',', 1)), place_key(split_part($2::text, ',', 2))
  )
), given as materialized (
  select place_key(split_part($2::text, ',', 1)) as region_key, place_key(split_part($2::text, ',', 2)) as country_key
)
select
  gazetteer_place.place_id,
  concat_ws(', ', gazetteer_place.name, gazetteer_place.state, gazetteer_place.country) as label
from given
cross join gazetteer_name
join gazetteer_place on gazetteer_place.place_id = gazetteer_name.place_id
left join gazetteer_state
  on gazetteer_state.country = gazetteer_place.country and gazetteer_state.code = gazetteer_place.state
left join gazetteer_country on gazetteer_country.code = gazetteer_place.country
cross join lateral (
  select
    given.region_key in (lower(gazetteer_place.state), gazetteer_state.name_key) as is_state,
    given.region_key in (lower(gazetteer_place.country), gazetteer_country.name_key) as is_country,
    given.country_key in (lower(gazetteer_place.country), gazetteer_country.name_key) as is_in_country
) as named
where gazetteer_name.name_key = place_key($1::text)
  and (
    $2::text is null
    or named.is_state
    or named.is_country
    or exists (
      select 1 from area
      where area.area_key = given.region_key
        and area.country = gazetteer_place.country
        and (area.state is null or area.state = gazetteer_place.state)
    )
  )
  and (
    coalesce(split_part($2::text, ',', 2), '') = ''
    or named.is_in_country
    or exists (
      select 1 from area
      where area.area_key = given.country_key
        and area.country = gazetteer_place.country
        and area.state is null
    )
  )
-- The code of a country is also one of Brazil's states: Toledo, ES is in Spain.
order by
  coalesce(named.is_state or named.is_country, false) desc,
  gazetteer_name.population desc,
  gazetteer_name.place_id
limit 1
