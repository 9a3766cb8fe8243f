-- What the plan needs to know besides the days: today in the zone, the bounds of P, what is marked, what is ignored.
-- $1 zone.
select
  (now() at time zone $1::text)::date as today,
  (select min(processed_day.day) from processed_day) as first_processed_day,
  (select max(processed_day.day) from processed_day) as as_of_day
