-- Packaged aliases of cities that the gazetteer does not have.
select alias.alias, alias.city
from gazetteer_alias as alias
left join gazetteer_place as place
  on place.name_key = place_key(alias.city)
  and place.country = alias.country
  and place.state is not distinct from coalesce(alias.state, place.state)
where alias.is_packaged
  and alias.city is not null
  and place.place_id is null
order by alias.alias_key collate "C"
