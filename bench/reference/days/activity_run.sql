create table activity_run as
select user_key, min(day) as started_on, max(day) as ended_on
from (
  select user_key.user_key, activity.day,
    activity.day - (row_number() over (partition by activity.user_id order by activity.day))::integer as island
  from user_day_activity as activity
  join user_key using (user_id)
) as dated
group by user_key, island;
alter table activity_run add primary key (user_key, ended_on) include (started_on);
create index on activity_run (user_key, (ended_on - started_on));
analyze activity_run;
