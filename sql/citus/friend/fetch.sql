-- Fetches the connections of the users in question: two questions to the nodes, of which the rows are put together
-- here.
insert into pg_temp.friend (user_key, friend_key, first_day)
select pair.u1_key, pair.u2_key, pair.first_day
from pair
where pair.u1_key in (select friend_wanted.user_key from friend_wanted)
union all
select pair.u2_key, pair.u1_key, pair.first_day
from pair
where pair.u2_key in (select friend_wanted.user_key from friend_wanted)
