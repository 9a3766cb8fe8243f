-- Whoever tapped most in the latest week.
select user_week_activity.user_id
from user_week_activity
order by user_week_activity.week_start desc, user_week_activity.tap_count desc, user_week_activity.user_id
limit 1
