create table user_week_activity as
select
  user_id,
  extract(isoyear from week_start)::smallint as year,
  extract(week from week_start)::smallint as iso_week,
  tap_count,
  first_degree_new_count,
  now() as last_updated_at,
  week_start
from (
  select
    user_id,
    date '0001-01-01' + (day - date '0001-01-01') / 7 * 7 as week_start,
    sum(tap_count)::integer as tap_count,
    sum(first_degree_new_count)::integer as first_degree_new_count
  from user_day_activity
  group by 1, 2
) as week;
alter table user_week_activity add primary key (user_id, year, iso_week);
create index on user_week_activity (year, iso_week);
create index on user_week_activity (user_id, week_start);
analyze user_week_activity;
