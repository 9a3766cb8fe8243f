-- The viewer: no row where the application has no such user. $1 user.
-- user_key is null for a user without a valid tap on a processed day.
select coalesce(app_user.name, '') as name, user_key.user_key
from app_user
left join user_key on user_key.user_id = app_user.id
where app_user.id = $1::uuid
