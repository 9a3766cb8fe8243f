-- When a week's figures were last written.
select max(user_week_activity.last_updated_at) as last_updated_at
from user_week_activity
