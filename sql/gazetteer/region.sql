-- Adds the names that mean one country. $1 names, $2 countries, $3 kinds (country or region), $4 codes of Brazilian
-- states.
with named as materialized (
  select distinct place_key(given.name) as region_key, given.country, given.kind
  from unnest($1::text[], $2::text[], $3::text[]) as given (name, country, kind)
  inner join gazetteer_country on gazetteer_country.code = given.country
), ranked as (
  -- a country is meant before a region
  select region_key, country, kind, min(kind) over (partition by region_key) as meant_kind
  from named
), meant as (
  select region_key, min(country) as country, min(kind) as kind
  from ranked
  where kind = meant_kind
    and region_key <> ''
  group by region_key
  having count(*) = 1
)
insert into gazetteer_region (region_key, country, kind)
select region_key, country, kind
from meant
-- three Latin letters are also anything else
where length(region_key) >= 4
  or region_key ~ '^[^a-z]{2,}$'
union all
select place_key(code), 'BR', 'region_code' from unnest($4::text[]) as brazilian (code)
