-- The list of each verified user, entry by entry in the order of the partners' keys, against the pairs of the source.
--! table: friend_list
--! says: connections in one piece, against every pair recomputed
--! key: user_id, place
--! compared: friend_id, first_day
--! mark_user: user_id
--: expected
select
  own_pair.user_id,
  row_number() over (partition by own_pair.user_id order by user_key.user_key) as place,
  own_pair.friend_id,
  own_pair.first_day
from (
  select verify_user.user_id, expected_pair.u2 as friend_id, expected_pair.first_day
  from verify_user
  join expected_pair on expected_pair.u1 = verify_user.user_id
  union all
  select verify_user.user_id, expected_pair.u1, expected_pair.first_day
  from verify_user
  join expected_pair on expected_pair.u2 = verify_user.user_id
) as own_pair
left join user_key on user_key.user_id = own_pair.friend_id
--: stored
select verify_user.user_id, entry.place, friend_user.user_id as friend_id, entry.first_day
from verify_user
join user_key on user_key.user_id = verify_user.user_id
join friend_list on friend_list.user_key = user_key.user_key
cross join lateral friend_entry(friend_list.friends) with ordinality as entry (friend_key, first_day, place)
left join user_key as friend_user on friend_user.user_key = entry.friend_key
