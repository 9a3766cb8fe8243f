-- The week of day $1, and its boards in the scope of the checks.
insert into verify_week (week_start, year, iso_week)
select
  date_trunc('week', $1::timestamp)::date,
  extract(isoyear from $1::date),
  extract(week from $1::date)
from verify_clock
returning
  week_start,
  week_start + 6 as sunday,
  (select least(week_start + 6, verify_clock.as_of_day) from verify_clock) as ends_on,
  (
    select count(*)::integer
    from weekly_leaderboard as board
    where board.year = verify_week.year and board.iso_week = verify_week.iso_week
  ) as user_count
