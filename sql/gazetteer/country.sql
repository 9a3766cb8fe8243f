-- Adds the packaged countries. $1 codes, $2 names.
insert into gazetteer_country (code, name)
select code, name from unnest($1::text[], $2::text[]) as packaged (code, name)
on conflict (code) do update set name = excluded.name
