-- Every place is in the gazetteer, and all texts were parsed by the same version of the rules. The texts are not parsed
-- again: only the step knows how.
--! table: home_location_struct
--! needs: gazetteer_place
--! says: every city is in the gazetteer, read by the same rules
--! key: user_id
--! mark_user: user_id
--: broken
select home.user_id, rule.column_name, rule.stored, rule.expected
from (
  select mode() within group (order by home.parser_version) as parser_version
  from verify_home
  join home_location_struct as home on home.user_id = verify_home.user_id
) as usual
cross join verify_home
join home_location_struct as home on home.user_id = verify_home.user_id
cross join lateral (
  values
    (home.parser_version = usual.parser_version, 'parser_version', home.parser_version, usual.parser_version),
    (
      home.city is null
        or exists (
          select 1
          from gazetteer_place
          where gazetteer_place.name = home.city
            and gazetteer_place.country = home.country
            and gazetteer_place.state is not distinct from home.state
            and gazetteer_place.geohash5 = home.geohash5
        ),
      'city',
      concat_ws(', ', home.city, home.state, home.country, home.geohash5),
      'a place of the gazetteer'
    )
) as rule (holds, column_name, stored, expected)
where rule.holds is not true
