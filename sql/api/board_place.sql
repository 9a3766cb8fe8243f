-- The viewer's own row of a week's boards; no row for a user without a tap in that week. $1 user, $2 ISO year, $3 ISO week.
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
where weekly_leaderboard.user_id = $1::uuid
  and weekly_leaderboard.year = $2::smallint
  and weekly_leaderboard.iso_week = $3::smallint
