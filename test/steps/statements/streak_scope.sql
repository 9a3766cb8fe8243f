-- prepare, $1 alive_from_day
create temp table streak_scope as
select
  scope.user_id,
  (select user_key.user_key from user_key where user_key.user_id = scope.user_id) as user_key
from (
  select user_id from changed_user_day
  union
  select user_id from user_streaks where current_streak_days > 0 and last_active_day < $1::date
  union
  select user_id from user_streaks where current_streak_days = 0 and last_active_day >= $1::date
) as scope;
