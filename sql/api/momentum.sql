-- The viewer's streak and running week as they are stored, and the days with taps of the 371 days that end with the
-- as-of day. $1 user, $2 ISO year, $3 ISO week, $4 as-of day or null. Always one row.
select
  coalesce(user_streaks.current_streak_days, 0) as current_streak_days,
  coalesce(user_streaks.longest_streak_days, 0) as longest_streak_days,
  coalesce(user_week_activity.tap_count, 0) as weekly_taps,
  coalesce(user_week_activity.first_degree_new_count, 0) as new_connections,
  coalesce(user_week_activity.second_degree_new_count, 0) as second_degree_delta,
  (
    select coalesce(json_agg(json_build_object('day', active.day, 'taps', active.tap_count) order by active.day), '[]')::text
    from user_day_activity as active
    where active.user_id = viewer.user_id
      and active.day between $4::date - 370 and $4::date
  ) as active_days
from (values ($1::uuid)) as viewer (user_id)
left join user_streaks on user_streaks.user_id = viewer.user_id
left join user_week_activity
  on user_week_activity.user_id = viewer.user_id
  and user_week_activity.year = $2::smallint
  and user_week_activity.iso_week = $3::smallint
