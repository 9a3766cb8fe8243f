-- Which of the relations that the API reads exist. $1 their names, separated by commas.
select relation.name
from unnest(string_to_array($1::text, ',')) as relation (name)
where to_regclass(relation.name) is not null
