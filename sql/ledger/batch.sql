-- Adds a batch to the run $1: $2 its as-of day, $3 its days, $4 its valid taps.
update run
set
  as_of_day = $2::date,
  day_count = day_count + $3::integer,
  batch_count = batch_count + 1,
  tap_count = tap_count + $4::bigint
where run_id = $1::integer
