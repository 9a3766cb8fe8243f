-- Adds to what the step $2 did in the run $1: $3 rows inserted, $4 updated, $5 deleted, $6 milliseconds.
insert into run_step (run_id, step, rows_inserted, rows_updated, rows_deleted, duration_ms)
values ($1::integer, $2::text, $3::bigint, $4::bigint, $5::bigint, $6::bigint)
on conflict (run_id, step) do update set
  rows_inserted = run_step.rows_inserted + excluded.rows_inserted,
  rows_updated = run_step.rows_updated + excluded.rows_updated,
  rows_deleted = run_step.rows_deleted + excluded.rows_deleted,
  duration_ms = run_step.duration_ms + excluded.duration_ms
