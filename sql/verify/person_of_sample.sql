-- The stored keys of the sampled users.
insert into person (user_id, person_key)
select user_key.user_id, user_key.user_key
from verify_user
join user_key on user_key.user_id = verify_user.user_id
