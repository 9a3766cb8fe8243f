-- Adds to what steps did in the run $1. $2 an array of objects: step, inserted, updated, deleted (rows), durationMs. A
-- step that was derived again for its SQL stands in it twice.
insert into run_step (run_id, step, rows_inserted, rows_updated, rows_deleted, duration_ms)
select
  $1::integer,
  done.step,
  sum(done.inserted),
  sum(done.updated),
  sum(done.deleted),
  round(sum(done."durationMs"))
from jsonb_to_recordset($2::jsonb) as done (
  step text, inserted bigint, updated bigint, deleted bigint, "durationMs" double precision
)
group by done.step
on conflict (run_id, step) do update set
  rows_inserted = run_step.rows_inserted + excluded.rows_inserted,
  rows_updated = run_step.rows_updated + excluded.rows_updated,
  rows_deleted = run_step.rows_deleted + excluded.rows_deleted,
  duration_ms = run_step.duration_ms + excluded.duration_ms
