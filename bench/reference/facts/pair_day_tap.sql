create table pair_day_tap as
select u1_key, u2_key, day, (array_agg(time order by time))[2:count(*)::integer - 1] as tapped_at
from (
  select pair_day.u1_key, pair_day.u2_key, pair_day.day, tap.time
  from tap
  join user_key as key1 on key1.user_id = least(tap.id1, tap.id2)
  join user_key as key2 on key2.user_id = greatest(tap.id1, tap.id2)
  join pair_day
    on pair_day.u1_key = key1.user_key
    and pair_day.u2_key = key2.user_key
    and pair_day.day = (tap.time at time zone 'UTC')::date
    and pair_day.tap_count > 2
) as tapped
group by u1_key, u2_key, day;
alter table pair_day_tap add primary key (u1_key, u2_key, day);
create index on pair_day_tap (day);
