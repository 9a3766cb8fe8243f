--! table: activity_run
--! says: stretches of active days, by walking the days
--! key: user_id, ended_on
--! compared: started_on
--! mark_user: user_id
--: expected
select active_day.user_id, active_day.day as ended_on, active_day.run_started_on as started_on
from active_day
where active_day.ends_run
--: stored
select user_key.user_id, activity_run.ended_on, activity_run.started_on
from verify_user
join user_key on user_key.user_id = verify_user.user_id
join activity_run on activity_run.user_key = user_key.user_key
