-- Adds the packaged states. $1 countries, $2 codes, $3 names.
insert into gazetteer_state (country, code, name)
select country, code, name from unnest($1::text[], $2::text[], $3::text[]) as packaged (country, code, name)
on conflict (country, code) do update set name = excluded.name
