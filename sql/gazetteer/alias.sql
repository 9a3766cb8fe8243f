-- Adds the packaged aliases; an operator's own of the same name stay. $1 aliases, $2 cities, $3 states, $4 countries.
insert into gazetteer_alias (alias, city, state, country, is_packaged)
select alias, nullif(city, ''), nullif(state, ''), nullif(country, ''), true
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as packaged (alias, city, state, country)
on conflict (alias_key) do nothing
