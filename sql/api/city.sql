-- The largest place of that name, in any of its spellings. $1 name.
select gazetteer_name.place_id
from gazetteer_name
where gazetteer_name.name_key = place_key($1::text)
order by gazetteer_name.population desc, gazetteer_name.place_id
limit 1
