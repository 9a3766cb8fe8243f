-- What user $1 is called.
select coalesce(app_user.name, app_user.id::text) as name from app_user where app_user.id = $1::uuid
