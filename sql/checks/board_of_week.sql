-- A row on the boards for every row of the weeks, with its figures, and no other.
--! table: weekly_leaderboard
--! says: boards show the weeks' figures, as stored
with week as (
  select
    user_week_activity.user_id,
    user_week_activity.year,
    user_week_activity.iso_week,
    user_week_activity.first_degree_new_count,
    user_week_activity.second_degree_new_count
  from verify_week
  join user_week_activity
    on user_week_activity.year = verify_week.year
    and user_week_activity.iso_week = verify_week.iso_week
), board as (
  select
    weekly_leaderboard.user_id,
    weekly_leaderboard.year,
    weekly_leaderboard.iso_week,
    weekly_leaderboard.new_first_degree,
    weekly_leaderboard.delta_second_degree
  from verify_week
  join weekly_leaderboard
    on weekly_leaderboard.year = verify_week.year
    and weekly_leaderboard.iso_week = verify_week.iso_week
)
select
  format('user_id %s, year %s, iso_week %s', user_id, year, iso_week) as key,
  user_id,
  null::uuid as other_id,
  verify_week.week_start as day,
  difference.column_name,
  coalesce(difference.stored::text, 'no row') as stored,
  coalesce(difference.expected::text, 'no row') as expected,
  null::date as mark_day,
  user_id as mark_user
from week
full join board using (user_id, year, iso_week)
join verify_week using (year, iso_week)
cross join lateral (
  values
    ('new_first_degree', board.new_first_degree, week.first_degree_new_count),
    ('delta_second_degree', board.delta_second_degree, week.second_degree_new_count)
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
