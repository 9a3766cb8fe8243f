create table user_day_activity as
select
  user_key.user_id,
  seen.day,
  sum(seen.tap_count)::integer as tap_count,
  sum(seen.is_new)::integer as first_degree_new_count
from (
  select pair_day.u1_key as user_key, pair_day.day, pair_day.tap_count, (pair.first_day = pair_day.day)::integer as is_new
  from pair_day
  join pair using (u1_key, u2_key)
  union all
  select pair_day.u2_key, pair_day.day, pair_day.tap_count, (pair.first_day = pair_day.day)::integer
  from pair_day
  join pair using (u1_key, u2_key)
) as seen
join user_key using (user_key)
group by user_key.user_id, seen.day;
alter table user_day_activity add primary key (user_id, day);
create index on user_day_activity (day);
analyze user_day_activity;
