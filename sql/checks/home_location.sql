-- What was placed is in the gazetteer, and every text was read by the same rules. How a text is read is the step's
-- affair: it is not read again here.
--! table: home_location_struct
--! needs: gazetteer_place
--! says: every city is in the gazetteer, read by the same rules
with home as (
  select app_user.id as user_id, app_user.home as original_text
  from app_user
  where app_user.home ~ '[^\u0001-\u0020\u007f-\u00a0\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]'
), latest as (
  select home_location_struct.parser_version
  from home_location_struct
  group by home_location_struct.parser_version
  order by count(*) desc, home_location_struct.parser_version
  limit 1
), compared as (
  select
    user_id,
    home.original_text as expected_text,
    home_location_struct.original_text as stored_text,
    home_location_struct.parser_version as stored_version,
    home_location_struct.city,
    home_location_struct.state,
    home_location_struct.country,
    home_location_struct.geohash5
  from home
  full join home_location_struct using (user_id)
)
select
  format('user_id %s', compared.user_id) as key,
  compared.user_id,
  null::uuid as other_id,
  null::date as day,
  rule.column_name,
  rule.stored,
  rule.expected,
  null::date as mark_day,
  compared.user_id as mark_user
from compared
left join latest on true
cross join lateral (
  values
    (
      compared.stored_text is null or compared.stored_version = latest.parser_version,
      'parser_version',
      compared.stored_version,
      latest.parser_version
    ),
    (
      compared.city is null
        or exists (
          select
          from gazetteer_place
          where gazetteer_place.name = compared.city
            and gazetteer_place.country = compared.country
            and gazetteer_place.state is not distinct from compared.state
            and gazetteer_place.geohash5 = compared.geohash5
        ),
      'city',
      concat_ws(', ', compared.city, compared.state, compared.country, compared.geohash5),
      'a place of the gazetteer'
    )
) as rule (holds, column_name, stored, expected)
where not rule.holds
