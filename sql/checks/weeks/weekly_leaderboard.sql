--! table: weekly_leaderboard
--! says: figures on the boards, recomputed
--! key: user_id, year, iso_week
--! compared: new_first_degree, delta_second_degree, streak_days
--! day: coalesce(expected.week_start, stored.week_start)
--! mark_user: user_id
--: expected
select
  expected_week.user_id,
  expected_week.year,
  expected_week.iso_week,
  expected_week.week_start,
  expected_week.first_degree_new_count as new_first_degree,
  expected_week.second_degree_new_count as delta_second_degree,
  expected_week.streak_days
from expected_week
--: stored
select
  board.user_id,
  board.year,
  board.iso_week,
  board.week_start,
  board.new_first_degree,
  board.delta_second_degree,
  board.streak_days
from verify_user
join weekly_leaderboard as board on board.user_id = verify_user.user_id
