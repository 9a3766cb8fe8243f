-- The weeks of the users: sums of their days, the longest that a run had become on one of them, and how many others
-- stood at distance 2 when the week (or the as-of day) was over.
with week_sum as (
  select
    active_day.user_id,
    verify_calendar.week_start,
    verify_calendar.year,
    verify_calendar.iso_week,
    sum(active_day.tap_count) as tap_count,
    sum(active_day.first_degree_new_count) as first_degree_new_count,
    max(active_day.day - active_day.run_started_on + 1) as streak_days
  from active_day
  join verify_calendar on verify_calendar.day = active_day.day
  group by active_day.user_id, verify_calendar.week_start, verify_calendar.year, verify_calendar.iso_week
), change_of_week as (
  select
    change.user_id,
    change.week_start,
    sum(change.entered_count) as entered_count,
    sum(change.entered_count - change.left_count) as net_count
  from (
    select user_id, week_start, entered_count, left_count from second_degree_change
    union all
    select user_id, week_start, 0, 0 from week_sum
  ) as change
  group by change.user_id, change.week_start
), standing as (
  select
    change_of_week.user_id,
    change_of_week.week_start,
    change_of_week.entered_count,
    sum(change_of_week.net_count) over (partition by change_of_week.user_id order by change_of_week.week_start) as at_distance_2
  from change_of_week
)
insert into expected_week (
  user_id, week_start, year, iso_week, tap_count, first_degree_new_count, second_degree_count,
  second_degree_new_count, streak_days
)
select
  week_sum.user_id,
  week_sum.week_start,
  week_sum.year,
  week_sum.iso_week,
  week_sum.tap_count,
  week_sum.first_degree_new_count,
  standing.at_distance_2,
  standing.entered_count,
  week_sum.streak_days
from week_sum
join standing on standing.user_id = week_sum.user_id and standing.week_start = week_sum.week_start
