-- Takes away the names that a large city of another country has, a region that is named after its own main city, and
-- English names of countries and states, which have tables of their own.
with country_people as (
  select country, sum(population) as people
  from gazetteer_place
  group by country
), namesake as (
  select
    region.region_key,
    region.kind,
    -- a county of England is better known than a town in America of the same name, a department of Honduras is not
    case when region.kind = 'region' and country_people.people >= 30000000 then 200000 else 30000 end as limit_people,
    coalesce(max(place.population) filter (where place.country = region.country), 0) as own_people,
    coalesce(max(place.population) filter (where place.country <> region.country), 0) as other_people
  from gazetteer_region as region
  inner join gazetteer_place as place on place.name_key = region.region_key
  inner join country_people on country_people.country = region.country
  where region.kind <> 'region_code'
  group by region.region_key, region.kind, country_people.people
), taken as (
  select region_key, kind
  from namesake
  where other_people >= limit_people
    or kind = 'region' and own_people > 10 * other_people
  union all
  select region.region_key, region.kind
  from gazetteer_region as region
  inner join (
    select name_key from gazetteer_country
    union all
    select name_key from gazetteer_state
  ) as english on english.name_key = region.region_key
)
delete from gazetteer_region as target
using taken
where target.region_key = taken.region_key
  and target.kind = taken.kind
