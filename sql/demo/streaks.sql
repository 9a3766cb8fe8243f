-- The longest streaks ever.
select
  app_user.name,
  user_streaks.longest_streak_days as longest,
  user_streaks.current_streak_days as running,
  user_streaks.last_active_day as "last active"
from user_streaks
join app_user on app_user.id = user_streaks.user_id
order by user_streaks.longest_streak_days desc, user_streaks.user_id
limit 5
