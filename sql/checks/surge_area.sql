-- A name for every area with a flagged hour and for no other, as the gazetteer says; an area that was named from another
-- gazetteer is named again by the next run that has a surge.
--! table: surge_area
--! says: names of the areas with a surge, from the gazetteer
with flagged as (
  select distinct surge_hour.geohash5 from surge_hour
), compared as (
  select
    geohash5,
    flagged.geohash5 is not null as is_expected,
    surge_area.area_name,
    surge_area.named_from = (select coalesce(max(gazetteer_load.digest), 'none') from gazetteer_load) as is_of_now
  from flagged
  full join surge_area using (geohash5)
)
select
  format('geohash5 %s', compared.geohash5) as key,
  null::uuid as user_id,
  null::uuid as other_id,
  null::date as day,
  difference.column_name,
  difference.stored,
  difference.expected,
  null::date as mark_day,
  uuid '00000000-0000-0000-0000-000000000000' as mark_user
from compared
cross join lateral (
  values
    (
      'row',
      case when compared.area_name is null then 'missing' else 'there' end,
      case when compared.is_expected then 'there' else 'no row' end
    ),
    (
      'area_name',
      compared.area_name,
      case when compared.is_of_now then geohash5_name(compared.geohash5) else compared.area_name end
    )
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
  and (difference.column_name = 'row' or (compared.area_name is not null and compared.is_expected))
