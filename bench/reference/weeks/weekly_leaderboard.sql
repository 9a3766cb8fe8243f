create table weekly_leaderboard as
select
  week.user_id,
  week.year,
  week.iso_week,
  week.first_degree_new_count as new_first_degree,
  week.second_degree_new_count as delta_second_degree,
  streak.streak_days,
  case
    when week.first_degree_new_count > 0
      then rank() over (partition by week.week_start order by week.first_degree_new_count desc)
  end as connectors_rank,
  case
    when week.second_degree_new_count > 0
      then rank() over (partition by week.week_start order by week.second_degree_new_count desc)
  end as builders_rank,
  rank() over (partition by week.week_start order by streak.streak_days desc) as streak_rank,
  week.week_start
from user_week_activity as week
join (
  select
    user_key.user_id,
    date '0001-01-01' + 7 * number as week_start,
    max(least(activity_run.ended_on, date '0001-01-01' + 7 * number + 6) - activity_run.started_on + 1) as streak_days
  from activity_run
  cross join lateral generate_series(
    (activity_run.started_on - date '0001-01-01') / 7, (activity_run.ended_on - date '0001-01-01') / 7
  ) as number
  join user_key using (user_key)
  group by 1, 2
) as streak using (user_id, week_start);
alter table weekly_leaderboard add primary key (user_id, year, iso_week);
create index on weekly_leaderboard (user_id, week_start);
create index on weekly_leaderboard (year, iso_week);
