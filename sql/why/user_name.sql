-- The name of user $1.
select coalesce(app_user.name, app_user.id::text) as name from app_user where app_user.id = $1::uuid
