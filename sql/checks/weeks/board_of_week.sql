-- Every row of user_week_activity has a row on the week's boards, and the boards have no other rows.
--! table: weekly_leaderboard
--! says: boards show the weeks' figures, as stored
--! key: user_id, year, iso_week
--! compared: new_first_degree, delta_second_degree
--! day: coalesce(expected.week_start, stored.week_start)
--! mark_user: user_id
--: expected
select
  week.user_id,
  week.year,
  week.iso_week,
  week.week_start,
  week.first_degree_new_count as new_first_degree,
  week.second_degree_new_count as delta_second_degree
from verify_week
join user_week_activity as week on week.year = verify_week.year and week.iso_week = verify_week.iso_week
--: stored
select
  board.user_id,
  board.year,
  board.iso_week,
  board.week_start,
  board.new_first_degree,
  board.delta_second_degree
from verify_week
join weekly_leaderboard as board on board.year = verify_week.year and board.iso_week = verify_week.iso_week
