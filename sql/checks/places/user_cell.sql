--! table: user_cell
--! says: first taps of the verified users in cells, recomputed
--! key: user_id, geohash5
--! compared: first_day, first_tap_at
--! mark_user: user_id
--: expected
select visited_cell.user_id, visited_cell.geohash5, visited_cell.first_day, visited_cell.first_tap_at
from visited_cell
--: stored
select verify_user.user_id, user_cell.geohash5, user_cell.first_day, user_cell.first_tap_at
from verify_user
join user_key on user_key.user_id = verify_user.user_id
join user_cell on user_cell.user_key = user_key.user_key
