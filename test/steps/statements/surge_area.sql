-- stage
create temp table stage as
select
  geohash5,
  wanted.area_name,
  wanted.named_from,
  stored.area_name as old_area_name,
  stored.named_from as old_named_from,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    geohash5,
    area_name,
    named_from,
    true as is_wanted
  from (
    select
      area.geohash5,
      geohash5_name(area.geohash5) as area_name,
      (select coalesce(max(gazetteer_load.digest), 'none') from gazetteer_load) as named_from
    from (select distinct geohash5 from surge_area_scope) as area
    where exists (select 1 from surge_hour where surge_hour.geohash5 = area.geohash5)
  ) as selected
) as wanted
full join (
  select
    stored.geohash5,
    stored.area_name,
    stored.named_from,
    true as is_stored
  from (select distinct geohash5 from surge_area_scope) as area
  join surge_area as stored on stored.geohash5 = area.geohash5
) as stored using (geohash5)
where (wanted.is_wanted, wanted.area_name, wanted.named_from)
  is distinct from (stored.is_stored, stored.area_name, stored.named_from);

-- delete
delete from surge_area as target
using stage
where not stage.is_wanted
  and target.geohash5 = stage.geohash5;

-- upsert
insert into surge_area as target (geohash5, area_name, named_from)
select stage.geohash5, stage.area_name, stage.named_from
from stage
where stage.is_wanted
order by stage.geohash5
on conflict (geohash5) do update set
  area_name = excluded.area_name,
  named_from = excluded.named_from;

-- note
insert into renamed_surge_area (geohash5)
select stage.geohash5 from stage;
