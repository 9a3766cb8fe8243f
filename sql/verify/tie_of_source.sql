-- The graph of connections from both ends, with the week of the first tap: whole weeks since
-- Monday 2001-01-01. In the order of their key, in which an index is built soonest.
insert into tie (person_key, friend_key, first_week, first_day, first_tap_at)
select
  user1.person_key,
  user2.person_key,
  floor((expected_pair.first_day - date '2001-01-01') / 7.0),
  expected_pair.first_day,
  expected_pair.first_tap_at
from expected_pair
join person as user1 on user1.user_id = expected_pair.u1
join person as user2 on user2.user_id = expected_pair.u2
union all
select
  user2.person_key,
  user1.person_key,
  floor((expected_pair.first_day - date '2001-01-01') / 7.0),
  expected_pair.first_day,
  expected_pair.first_tap_at
from expected_pair
join person as user1 on user1.user_id = expected_pair.u1
join person as user2 on user2.user_id = expected_pair.u2
order by 1, 2
