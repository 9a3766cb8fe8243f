-- The sums of the days of everybody in the verified weeks, whether their other figures were recomputed or not.
--! table: user_week_activity
--! says: weeks equal their days, as stored
--! key: user_id, year, iso_week
--! compared: tap_count, first_degree_new_count
--! day: coalesce(expected.week_start, stored.week_start)
--! mark_user: user_id
--: expected
select
  user_day_activity.user_id,
  verify_week.year,
  verify_week.iso_week,
  verify_week.week_start,
  sum(user_day_activity.tap_count) as tap_count,
  sum(user_day_activity.first_degree_new_count) as first_degree_new_count
from verify_week
join user_day_activity
  on user_day_activity.day >= verify_week.week_start
  and user_day_activity.day < verify_week.week_start + 7
group by user_day_activity.user_id, verify_week.week_start
--: stored
select
  week.user_id,
  week.year,
  week.iso_week,
  week.week_start,
  week.tap_count,
  week.first_degree_new_count
from verify_week
join user_week_activity as week on week.year = verify_week.year and week.iso_week = verify_week.iso_week
