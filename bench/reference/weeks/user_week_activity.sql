-- The weeks of a user in one line with the weeks in which somebody came to distance 2 or left it.
create table user_week_activity as
select
  user_key.user_id,
  extract(isoyear from line.week_start)::smallint as year,
  extract(week from line.week_start)::smallint as iso_week,
  line.tap_count,
  line.first_degree_new_count,
  line.second_degree_count,
  line.second_degree_new_count,
  now() as last_updated_at,
  line.week_start
from (
  select
    user_key,
    date '0001-01-01' + 7 * week as week_start,
    sum(tap_count)::integer as tap_count,
    sum(first_degree_new_count)::integer as first_degree_new_count,
    (sum(sum(entered_count - left_count)) over (partition by user_key order by week))::integer as second_degree_count,
    sum(entered_count)::integer as second_degree_new_count
  from (
    select
      user_key.user_key,
      (activity.day - date '0001-01-01') / 7 as week,
      activity.tap_count,
      activity.first_degree_new_count,
      0 as entered_count,
      0 as left_count
    from user_day_activity as activity
    join user_key using (user_id)
    union all
    select user_key, week, null, null, entered_count, left_count from second_degree_change
  ) as known
  group by user_key, week
) as line
join user_key using (user_key)
where line.tap_count is not null;
alter table user_week_activity add primary key (user_id, year, iso_week);
create index on user_week_activity (year, iso_week);
create index on user_week_activity (user_id, week_start);
analyze user_week_activity;
