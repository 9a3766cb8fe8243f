create table user_streaks as
select
  user_key.user_id,
  case when latest.ended_on = (select max(day) from pair_day) then latest.ended_on - latest.started_on + 1 else 0 end
    as current_streak_days,
  longest.days as longest_streak_days,
  latest.ended_on as last_active_day,
  latest.started_on as streak_started_on,
  last_tap.last_tap_at
from (select distinct on (user_key) user_key, started_on, ended_on from activity_run order by user_key, ended_on desc) as latest
join (select user_key, max(ended_on - started_on) + 1 as days from activity_run group by user_key) as longest using (user_key)
join (
  select user_key, max(last_tap_at) as last_tap_at
  from (select u1_key as user_key, last_tap_at from pair union all select u2_key, last_tap_at from pair) as seen
  group by user_key
) as last_tap using (user_key)
join user_key using (user_key);
alter table user_streaks add primary key (user_id);
create index on user_streaks (last_active_day) where current_streak_days > 0;
