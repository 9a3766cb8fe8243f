-- One row if the user exists: in the application, or, if erased from it, in one of the tables that checks look at.
-- $1 the user.
select 1 as is_known
from (values ($1::uuid)) as asked (user_id)
where exists (select 1 from app_user where app_user.id = asked.user_id)
  or exists (select 1 from user_key where user_key.user_id = asked.user_id)
  or exists (select 1 from user_day_activity where user_day_activity.user_id = asked.user_id)
  or exists (select 1 from user_week_activity where user_week_activity.user_id = asked.user_id)
  or exists (select 1 from user_streaks where user_streaks.user_id = asked.user_id)
  or exists (select 1 from weekly_leaderboard where weekly_leaderboard.user_id = asked.user_id)
  or exists (select 1 from user_quest_progress where user_quest_progress.user_id = asked.user_id)
  or exists (select 1 from home_location_struct where home_location_struct.user_id = asked.user_id)
  or exists (select 1 from edge_strength where edge_strength.u1 = asked.user_id)
  or exists (select 1 from edge_strength where edge_strength.u2 = asked.user_id)
