-- The graph of connections from both ends.
insert into tie (person_key, friend_key, first_day)
select user1.person_key, user2.person_key, expected_pair.first_day
from expected_pair
join person as user1 on user1.user_id = expected_pair.u1
join person as user2 on user2.user_id = expected_pair.u2
union all
select user2.person_key, user1.person_key, expected_pair.first_day
from expected_pair
join person as user1 on user1.user_id = expected_pair.u1
join person as user2 on user2.user_id = expected_pair.u2
