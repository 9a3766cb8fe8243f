-- Every place is in the gazetteer, and the method says as much as the row names. Which columns go without which others
-- the table's own constraints say; home_reading.sql has the texts read again.
--! table: home_location_struct
--! needs: gazetteer_place
--! says: every place is in the gazetteer
--! key: user_id
--! mark_user: user_id
--: broken
select home.user_id, rule.column_name, rule.stored, rule.expected
from verify_home
join home_location_struct as home on home.user_id = verify_home.user_id
cross join lateral (
  values
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
    ),
    (
      home.state is null
        or exists (
          select 1
          from gazetteer_state
          where gazetteer_state.country = home.country and gazetteer_state.code = home.state
        ),
      'state',
      concat_ws(', ', home.state, home.country),
      'a state of the gazetteer'
    ),
    (
      home.country is null
        or exists (select 1 from gazetteer_country where gazetteer_country.code = home.country),
      'country',
      home.country,
      'a country of the gazetteer'
    ),
    (
      -- An alias may be of a city that the gazetteer lacks.
      home.method = any (
        case
          when home.city is not null
            then array['city_in_state', 'city_in_country', 'city_alias', 'city_alone', 'flag', 'first_of_several']
          when home.state is not null then array['state', 'flag', 'first_of_several']
          when home.country is not null then array['country', 'flag', 'first_of_several']
          else array['none', 'city_alias']
        end
      ),
      'method',
      home.method,
      'one that names as much as the row does'
    )
) as rule (holds, column_name, stored, expected)
where rule.holds is not true
