-- Notes on the run $1 that it froze or thawed $2 days.
update run
set
  day_count = $2::integer,
  as_of_day = (select max(processed_day.day) from processed_day)
where run_id = $1::integer
