-- In which cells the sampled users ever tapped, from their stored days; which are compared with the source by day.
insert into visited_cell (user_id, geohash5, first_day, first_tap_at)
select
  verify_user.user_id,
  user_cell_day.geohash5,
  (min(user_cell_day.first_tap_at) at time zone verify_clock.zone)::date,
  min(user_cell_day.first_tap_at)
from verify_user
cross join verify_clock
join user_key on user_key.user_id = verify_user.user_id
join user_cell_day on user_cell_day.user_key = user_key.user_key
group by verify_user.user_id, user_cell_day.geohash5, verify_clock.zone
