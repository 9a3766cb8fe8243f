-- Only the users of part $1; null: all of them again.
insert into verify_user (user_id)
select verify_user_part.user_id
from verify_user_part
where $1::integer is null or verify_user_part.part = $1::integer
