-- Days between the first and the latest processed day that were never processed: the next etl closes them.
--! table: processed_day
--! says: no gap in the processed days
--! weight: attention
select
  format('day %s', calendar.day::date) as key,
  null::uuid as user_id,
  null::uuid as other_id,
  calendar.day::date as day,
  'row' as column_name,
  'missing' as stored,
  'there' as expected,
  null::date as mark_day,
  null::uuid as mark_user
from generate_series(
  (select min(processed_day.day) from processed_day)::timestamp,
  (select max(processed_day.day) from processed_day)::timestamp,
  interval '1 day'
) as calendar (day)
left join processed_day on processed_day.day = calendar.day::date
where processed_day.day is null
