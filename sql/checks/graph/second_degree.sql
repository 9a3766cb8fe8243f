-- Second degree of the verified users on the as-of day, by joining the graph with itself.
--! table: second_degree
--! says: second degree on the as-of day, recomputed
--! key: user_id
--! compared: week, second_degree_count, second_degree_new_count
--! mark_user: user_id
--: expected
select
  standing.user_id,
  (verify_clock.as_of_day - date '0001-01-01') / 7 as week,
  standing.at_distance_2 as second_degree_count,
  coalesce(this_week.entered_count, 0) as second_degree_new_count
from (
  select tapper.user_id, coalesce(sum(change.entered_count - change.left_count), 0) as at_distance_2
  from (select distinct active_day.user_id from active_day) as tapper
  left join second_degree_change as change on change.user_id = tapper.user_id
  group by tapper.user_id
) as standing
cross join verify_clock
join verify_calendar on verify_calendar.day = verify_clock.as_of_day
left join second_degree_change as this_week
  on this_week.user_id = standing.user_id
  and this_week.week_start = verify_calendar.week_start
--: stored
select
  verify_user.user_id,
  second_degree.week,
  second_degree.second_degree_count,
  second_degree.second_degree_new_count
from verify_user
join user_key on user_key.user_id = verify_user.user_id
join second_degree on second_degree.user_key = user_key.user_key
