create table edge_strength as
select
  key1.user_id as u1,
  key2.user_id as u2,
  recent.taps_90d,
  recent.last_tap_at,
  (0.6 * ln(1 + recent.taps_90d::float8) + 0.4 * exp((last.day - recent.last_day) / -21.0::float8))::real as strength_f32
from (select max(day) as day from pair_day) as last
cross join lateral (
  select u1_key, u2_key, sum(tap_count)::integer as taps_90d, max(last_tap_at) as last_tap_at, max(day) as last_day
  from pair_day
  where pair_day.day > last.day - 90
  group by u1_key, u2_key
) as recent
join user_key as key1 on key1.user_key = recent.u1_key
join user_key as key2 on key2.user_key = recent.u2_key;
alter table edge_strength add primary key (u1, u2);
create index on edge_strength (u2, u1);
