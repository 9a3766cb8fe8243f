--! table: user_day_activity
--! says: days of the verified users, recomputed
--! key: user_id, day
--! compared: tap_count, first_degree_new_count
--! mark_user: user_id
--: expected
select active_day.user_id, active_day.day, active_day.tap_count, active_day.first_degree_new_count
from active_day
--: stored
select
  user_day_activity.user_id,
  user_day_activity.day,
  user_day_activity.tap_count,
  user_day_activity.first_degree_new_count
from verify_user
join user_day_activity on user_day_activity.user_id = verify_user.user_id
