-- Adds a batch to the run $1: $2 its as-of day, $3 its days, $4 its valid taps. Later than all batches before it, also
-- where its transaction began while it waited for one of them: by this moment a reader tells that something changed.
update run
set
  as_of_day = $2::date,
  day_count = day_count + $3::integer,
  batch_count = batch_count + 1,
  last_batch_at = greatest(now(), (select max(other.last_batch_at) from run as other) + interval '1 microsecond'),
  tap_count = tap_count + $4::bigint
where run_id = $1::integer
