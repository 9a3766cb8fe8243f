-- Weeks equal their days, as stored.
--! table: user_week_activity
--! says: weeks equal their days, as stored
with day_sum as (
  select
    user_day_activity.user_id,
    verify_week.year,
    verify_week.iso_week,
    verify_week.week_start,
    sum(user_day_activity.tap_count) as tap_count,
    sum(user_day_activity.first_degree_new_count) as first_degree_new_count
  from verify_week
  join user_day_activity
    on user_day_activity.day >= verify_week.week_start
    and user_day_activity.day < verify_week.week_start + 7
  group by user_day_activity.user_id, verify_week.year, verify_week.iso_week, verify_week.week_start
), week as (
  select
    user_week_activity.user_id,
    user_week_activity.year,
    user_week_activity.iso_week,
    user_week_activity.week_start,
    user_week_activity.tap_count,
    user_week_activity.first_degree_new_count
  from verify_week
  join user_week_activity
    on user_week_activity.year = verify_week.year
    and user_week_activity.iso_week = verify_week.iso_week
)
select
  format('user_id %s, year %s, iso_week %s', user_id, year, iso_week) as key,
  user_id,
  null::uuid as other_id,
  coalesce(week.week_start, day_sum.week_start) as day,
  difference.column_name,
  coalesce(difference.stored::text, 'no row') as stored,
  coalesce(difference.expected::text, 'no row') as expected,
  null::date as mark_day,
  user_id as mark_user
from day_sum
full join week using (user_id, year, iso_week)
cross join lateral (
  values
    ('tap_count', week.tap_count, day_sum.tap_count),
    ('first_degree_new_count', week.first_degree_new_count, day_sum.first_degree_new_count)
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
