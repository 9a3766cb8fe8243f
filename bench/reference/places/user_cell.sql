create table user_cell as
select user_key, geohash5, min(day) as first_day, min(first_tap_at) as first_tap_at
from user_cell_day
group by user_key, geohash5;
alter table user_cell add primary key (user_key, geohash5);
