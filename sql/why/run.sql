-- The runs of consecutive active days of user $1, the latest first.
select
  active_day.run_started_on as started_on,
  active_day.day as ended_on,
  active_day.day + 1 as missed_on,
  active_day.day - active_day.run_started_on + 1 as days
from active_day
where active_day.user_id = $1::uuid and active_day.ends_run
order by active_day.day desc
