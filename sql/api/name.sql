-- Who the users with the user_keys $1 are; no row for those who opted out or are gone.
select user_key.user_key, user_key.user_id, app_user.name
from unnest($1::integer[]) as given (user_key)
join user_key on user_key.user_key = given.user_key
join app_user on app_user.id = user_key.user_id
where not app_user.opted_out
