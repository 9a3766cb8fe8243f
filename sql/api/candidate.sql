-- What a recommendation of the users with the user_keys $1 is scored by; no row for who has no day with taps. Days are
-- those of the stored zone, as days since 0001-01-01.
select
  user_key.user_key,
  user_streaks.last_active_day - date '0001-01-01' as last_active_day,
  home_place.latitude,
  home_place.longitude
from unnest($1::integer[]) as given (user_key)
join user_key on user_key.user_key = given.user_key
join user_streaks on user_streaks.user_id = user_key.user_id
left join home_place on home_place.user_id = user_key.user_id
