-- The weeks of the verified users; the second degree is computed by joining the graph with itself.
--! table: user_week_activity
--! says: weeks and second degree, recomputed
--! key: user_id, year, iso_week
--! compared: tap_count, first_degree_new_count, second_degree_count, second_degree_new_count
--! day: coalesce(expected.week_start, stored.week_start)
--! mark_user: user_id
--: expected
select
  expected_week.user_id,
  expected_week.year,
  expected_week.iso_week,
  expected_week.week_start,
  expected_week.tap_count,
  expected_week.first_degree_new_count,
  expected_week.second_degree_count,
  expected_week.second_degree_new_count
from expected_week
--: stored
select
  week.user_id,
  week.year,
  week.iso_week,
  week.week_start,
  week.tap_count,
  week.first_degree_new_count,
  week.second_degree_count,
  week.second_degree_new_count
from verify_user
join user_week_activity as week on week.user_id = verify_user.user_id
