-- Names of the areas with a flagged hour. Only a new area, another gazetteer, or a repair makes a name be looked up.
--! reads: changed_surge_area, batch_user, surge_hour, surge_area, gazetteer_load, gazetteer_place
--! writes: surge_area, renamed_surge_area
--! grain: geohash5
--! runs: always
with gazetteer as (
  select coalesce(max(gazetteer_load.digest), 'none') as digest from gazetteer_load
), fresh as (
  select
    area.geohash5,
    case
      when surge_area.named_from = gazetteer.digest and not exists (select from batch_user) then surge_area.area_name
      else geohash5_name(area.geohash5)
    end as area_name,
    gazetteer.digest as named_from
  from (
    select changed_surge_area.geohash5
    from changed_surge_area
    where exists (select from surge_hour where surge_hour.geohash5 = changed_surge_area.geohash5)
    union
    select surge_area.geohash5
    from surge_area
    cross join gazetteer
    where (surge_area.named_from <> gazetteer.digest or exists (select from batch_user))
      and exists (select from surge_hour where surge_hour.geohash5 = surge_area.geohash5)
    union
    select surge_hour.geohash5
    from surge_hour
    where exists (select from batch_user)
  ) as area
  cross join gazetteer
  left join surge_area on surge_area.geohash5 = area.geohash5
), deleted as (
  delete from surge_area as target
  using (
    select changed_surge_area.geohash5 from changed_surge_area
    union
    select surge_area.geohash5 from surge_area where exists (select from batch_user)
  ) as area
  left join surge_hour on surge_hour.geohash5 = area.geohash5
  where surge_hour.geohash5 is null and target.geohash5 = area.geohash5
  returning 1
), written as (
  insert into surge_area as target (geohash5, area_name, named_from)
  select fresh.geohash5, fresh.area_name, fresh.named_from from fresh
  on conflict (geohash5) do update set area_name = excluded.area_name, named_from = excluded.named_from
  where (target.area_name, target.named_from) is distinct from (excluded.area_name, excluded.named_from)
  returning target.geohash5, xmax = 0 as is_new
), noted as (
  insert into renamed_surge_area (geohash5)
  select written.geohash5 from written
  returning 1
)
select
  (select count(*) from written where is_new)::integer as inserted,
  (select count(*) from written where not is_new)::integer as updated,
  (select count(*) from deleted)::integer as deleted
