-- Stretches of consecutive active days of the verified users, by walking their days.
--! table: activity_run
--! says: stretches of active days, by walking the days
with expected as (
  select active_day.user_id, active_day.day as ended_on, active_day.run_started_on as started_on
  from active_day
  where active_day.ends_run
), stored as (
  select user_key.user_id, activity_run.ended_on, activity_run.started_on
  from verify_user
  join user_key on user_key.user_id = verify_user.user_id
  join activity_run on activity_run.user_key = user_key.user_key
)
select
  format('user %s, ended_on %s', user_id, ended_on) as key,
  user_id,
  null::uuid as other_id,
  null::date as day,
  case when expected.started_on is null or stored.started_on is null then 'row' else 'started_on' end as column_name,
  case
    when stored.started_on is null then 'missing'
    when expected.started_on is null then 'there'
    else stored.started_on::text
  end as stored,
  case
    when expected.started_on is null then 'no row'
    when stored.started_on is null then 'there'
    else expected.started_on::text
  end as expected,
  null::date as mark_day,
  user_id as mark_user
from expected
full join stored using (user_id, ended_on)
where expected.started_on is distinct from stored.started_on
