create table pair_day as
select
  key1.user_key as u1_key,
  key2.user_key as u2_key,
  (tap.time at time zone 'UTC')::date as day,
  count(*)::integer as tap_count,
  min(tap.time) as first_tap_at,
  max(tap.time) as last_tap_at
from tap
join user_key as key1 on key1.user_id = least(tap.id1, tap.id2)
join user_key as key2 on key2.user_id = greatest(tap.id1, tap.id2)
where tap.id1 <> tap.id2
group by 1, 2, 3;
alter table pair_day add primary key (u1_key, u2_key, day);
create index on pair_day (day);
analyze pair_day;
