create table pair as
select
  u1_key,
  u2_key,
  min(first_tap_at) as first_tap_at,
  min(day) as first_day,
  max(last_tap_at) as last_tap_at,
  max(day) as last_day,
  sum(tap_count)::integer as tap_count
from pair_day
group by u1_key, u2_key;
alter table pair add primary key (u1_key, u2_key) include (first_day);
create unique index on pair (u2_key, u1_key) include (first_day);
create index on pair (first_day);
analyze pair;
