-- The weeks of the users: sums of their days, the longest that a run had become on one of them, and how many others
-- stood at distance 2 when the week (or the as-of day) was over.
with week_sum as (
  select
    active_day.user_id,
    active_day.day - ((active_day.day - date '2001-01-01') % 7 + 7) % 7 as week_start,
    sum(active_day.tap_count) as tap_count,
    sum(active_day.first_degree_new_count) as first_degree_new_count,
    max(active_day.day - active_day.run_started_on + 1) as streak_days
  from active_day
  group by 1, 2
), moment as (
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
    moment.user_id,
    moment.week_start,
    moment.entered_count,
    sum(moment.net_count) over (partition by moment.user_id order by moment.week_start) as at_distance_2
  from moment
), calendar as (
  select
    monday.week_start,
    extract(isoyear from monday.week_start) as year,
    extract(week from monday.week_start) as iso_week
  from (select distinct week_start from week_sum) as monday
)
insert into expected_week (
  user_id, week_start, year, iso_week, tap_count, first_degree_new_count, second_degree_count,
  second_degree_new_count, streak_days
)
select
  week_sum.user_id,
  week_sum.week_start,
  calendar.year,
  calendar.iso_week,
  week_sum.tap_count,
  week_sum.first_degree_new_count,
  standing.at_distance_2,
  standing.entered_count,
  week_sum.streak_days
from week_sum
join calendar on calendar.week_start = week_sum.week_start
join standing on standing.user_id = week_sum.user_id and standing.week_start = week_sum.week_start
