-- The user whose page is shown: the first one made up from seed $1; without a seed, the one with most taps in the last
-- week.
select user_week_activity.user_id
from user_week_activity
where $1::integer is null
  or user_week_activity.user_id = md5(format('user %s 1', $1::integer))::uuid
order by user_week_activity.week_start desc, user_week_activity.tap_count desc, user_week_activity.user_id
limit 1
