-- The processed days with their ISO weeks, counted on from Monday 2001-01-01.
insert into verify_calendar (day, days_after_monday, week_start, year, iso_week)
select
  since_monday.day,
  since_monday.days_after_monday,
  since_monday.day - since_monday.days_after_monday,
  extract(isoyear from since_monday.day),
  extract(week from since_monday.day)
from (
  select processed_day.day, ((processed_day.day - date '2001-01-01') % 7 + 7) % 7 as days_after_monday
  from processed_day
) as since_monday
