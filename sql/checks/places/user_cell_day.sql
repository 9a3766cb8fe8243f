-- In which cells users tapped on the verified days. Stale days are reported separately.
--! table: user_cell_day
--! says: cells of the users on the verified days, from the source
--! key: user_id, geohash5, day
--! compared: first_tap_at
--! mark_day: day
--! mark_user: user_id
--: expected
select visitor.user_id, source_cell.geohash5, source_cell.day, min(source_cell.first_tap_at) as first_tap_at
from source_cell
join verify_day on verify_day.day = source_cell.day and not verify_day.is_stale
cross join lateral (values (source_cell.u1), (source_cell.u2)) as visitor (user_id)
group by visitor.user_id, source_cell.geohash5, source_cell.day
--: stored
select user_key.user_id, user_cell_day.geohash5, user_cell_day.day, user_cell_day.first_tap_at
from verify_day
join user_cell_day on user_cell_day.day = verify_day.day
join user_key on user_key.user_key = user_cell_day.user_key
where not verify_day.is_stale
