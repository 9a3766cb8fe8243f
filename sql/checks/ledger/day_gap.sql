-- Days between the first and the latest processed day that were never processed: the next etl closes them.
--! table: processed_day
--! says: no gap in the processed days
--! weight: attention
--! key: day
--! day: day
--: broken
select calendar.day::date as day, 'row' as column_name, 'missing' as stored, 'there' as expected
from generate_series(
  (select min(verify_calendar.day) from verify_calendar where isfinite(verify_calendar.day))::timestamp,
  (select max(verify_calendar.day) from verify_calendar where isfinite(verify_calendar.day))::timestamp,
  interval '1 day'
) as calendar (day)
left join verify_calendar on verify_calendar.day = calendar.day::date
where verify_calendar.day is null
