-- The users whose homes are looked at: all, or those of the verification's scope.
-- $1 whether all.
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
