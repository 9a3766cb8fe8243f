-- The stored keys of the users.
insert into person (user_id, person_key)
select user_key.user_id, user_key.user_key
from user_key
