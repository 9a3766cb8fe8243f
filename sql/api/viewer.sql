-- The viewer and their home city: no row where the application has no such user. $1 user.
-- user_key is null for a user without a valid tap on a processed day, the home where none is known.
select
  coalesce(app_user.name, '') as name,
  user_key.user_key,
  home_place.country as home_country,
  home_place.state as home_state,
  home_place.city as home_city
from app_user
left join user_key on user_key.user_id = app_user.id
left join home_place on home_place.user_id = app_user.id
where app_user.id = $1::uuid
