-- Whose homes are looked at: everybody's, or those of the users.
-- $1 everybody's.
insert into verify_home (user_id)
select verify_user.user_id
from verify_user
union
select app_user.id
from app_user
where $1::boolean
union
select home_location_struct.user_id
from home_location_struct
where $1::boolean
