-- Homes as this bench writes them, each text looked at once: "City, XX", "City XX", "City, Country", a city alone of
-- which there is one or one ten times larger than the next, and of several places the first.
create table home_location_struct as
with written as (
  select distinct home as original_text, btrim(split_part(home, '/', 1)) as text, home like '%/%' as is_several
  from public.users
  where home ~ '\S'
), split as (
  select
    *,
    gamification.place_key(regexp_replace(text, '(, *| )([^ ,]+)$', '')) as city_key,
    gamification.place_key(substring(text from '[ ,]([^ ,]+)$')) as area_key
  from written
), candidate as (
  -- A name of the gazetteer, as the text stands or before an area.
  select
    split.original_text, place.name as city, place.state, place.country, place.geohash5, place.population, place.is_alias,
    case when area.state is not null then 'city_in_state' else 'city_in_country' end as method
  from split
  join gamification.gazetteer_area as area on area.area_key = split.area_key
  join gamification.gazetteer_name as place
    on place.name_key = split.city_key
    and place.country = area.country
    and (area.state is null or place.state = area.state)
  union all
  select split.original_text, place.name, place.state, place.country, place.geohash5, place.population, place.is_alias, 'city_alone'
  from split
  join gamification.gazetteer_name as place on place.name_key = gamification.place_key(split.text)
  left join gamification.gazetteer_alias as no_place
    on no_place.alias_key = gamification.place_key(split.text) and no_place.country is null
  where split.text !~ ',' and no_place.alias_key is null
), best as (
  select distinct on (original_text)
    *,
    is_alias or method <> 'city_alone' or population >= 10 * coalesce(lead(population) over sized, 0) as is_sure
  from candidate
  window sized as (partition by original_text, method order by is_alias desc, population desc)
  order by original_text, method desc, is_alias desc, population desc
)
select
  users.id as user_id,
  users.home as original_text,
  best.city,
  best.state,
  best.country,
  best.geohash5,
  case
    when best.city is null then 0
    when written.is_several then 0.3
    when best.method = 'city_in_state' then 0.95
    when best.method = 'city_in_country' then 0.9
    else 0.7
  end::real as confidence,
  case
    when best.city is null then 'none'
    when written.is_several then 'first_of_several'
    else best.method
  end as method
from written
join public.users on users.home = written.original_text
left join best on best.original_text = written.original_text and best.is_sure;
alter table home_location_struct add primary key (user_id);
create index on home_location_struct (country, state, city) where country is not null;
create index on home_location_struct (geohash5) where geohash5 is not null;
