-- Streaks of the verified users. If day L ended since the last run, a streak that broke by it may be stored either way.
--! table: user_streaks
--! says: streaks, by walking the days
--! key: user_id
--! compared: current_streak_days, longest_streak_days, last_active_day, streak_started_on, last_tap_at
--! excused: current_streak_days where expected.has_ended_since and stored.current_streak_days = expected.current_streak_days_then
--! mark_user: user_id
--: expected
select
  expected_streak.user_id,
  expected_streak.current_streak_days,
  expected_streak.current_streak_days_then,
  expected_streak.has_ended_since,
  expected_streak.longest_streak_days,
  expected_streak.last_active_day,
  expected_streak.streak_started_on,
  expected_streak.last_tap_at
from expected_streak
--: stored
select
  user_streaks.user_id,
  user_streaks.current_streak_days,
  user_streaks.longest_streak_days,
  user_streaks.last_active_day,
  user_streaks.streak_started_on,
  user_streaks.last_tap_at
from verify_user
join user_streaks on user_streaks.user_id = verify_user.user_id
