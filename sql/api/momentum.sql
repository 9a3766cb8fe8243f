-- The viewer's streak and running week as they are stored. $1 user, $2 ISO year, $3 ISO week. Always one row.
select
  coalesce(user_streaks.current_streak_days, 0) as current_streak_days,
  coalesce(user_streaks.longest_streak_days, 0) as longest_streak_days,
  coalesce(user_week_activity.tap_count, 0) as weekly_taps,
  coalesce(user_week_activity.first_degree_new_count, 0) as new_connections,
  coalesce(user_week_activity.second_degree_new_count, 0) as second_degree_delta
from (values ($1::uuid)) as viewer (user_id)
left join user_streaks on user_streaks.user_id = viewer.user_id
left join user_week_activity
  on user_week_activity.user_id = viewer.user_id
  and user_week_activity.year = $2::smallint
  and user_week_activity.iso_week = $3::smallint
