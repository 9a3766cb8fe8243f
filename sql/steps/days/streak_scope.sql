-- Users whose days changed, or whose streak the passing of time has broken or brought back.
-- $1 is the earliest last day of a run that is still alive.
--! reads: changed_user_day, user_key
--! before: user_streaks
--! writes: streak_scope
--! grain: user_id
--! params: alive_from_day
--! runs: always
--! spread: by_user
select
  scope.user_id,
  (select user_key.user_key from user_key where user_key.user_id = scope.user_id) as user_key
from (
  select user_id from changed_user_day
  union
  select user_id from user_streaks where current_streak_days > 0 and last_active_day < $1::date
  union
  select user_id from user_streaks where current_streak_days = 0 and last_active_day >= $1::date
) as scope
