-- The viewer's own row of a week's boards, and their ranks of the week before; nulls for a week without a tap. Always
-- one row. $1 user, $2 ISO year, $3 ISO week, $4 the Monday of the week before.
select
  coalesce(board.new_first_degree, 0) as new_first_degree,
  coalesce(board.delta_second_degree, 0) as delta_second_degree,
  coalesce(board.streak_days, 0) as streak_days,
  board.connectors_rank,
  board.builders_rank,
  board.streak_rank,
  board.last_tap_at,
  last_board.connectors_rank as last_connectors_rank,
  last_board.builders_rank as last_builders_rank,
  last_board.streak_rank as last_streak_rank
from (values ($1::uuid)) as viewer (user_id)
left join lateral (
  select
    weekly_leaderboard.new_first_degree,
    weekly_leaderboard.delta_second_degree,
    weekly_leaderboard.streak_days,
    weekly_leaderboard.connectors_rank,
    weekly_leaderboard.builders_rank,
    weekly_leaderboard.streak_rank,
    user_streaks.last_tap_at
  from weekly_leaderboard
  left join user_streaks on user_streaks.user_id = weekly_leaderboard.user_id
  where weekly_leaderboard.user_id = viewer.user_id
    and weekly_leaderboard.year = $2::smallint
    and weekly_leaderboard.iso_week = $3::smallint
) as board on true
left join weekly_leaderboard as last_board
  on last_board.user_id = viewer.user_id
  and last_board.week_start = $4::date
