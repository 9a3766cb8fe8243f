-- What each step wrote in the last run that is over, and how long it took.
select
  run_step.step,
  (run_step.rows_inserted + run_step.rows_updated + run_step.rows_deleted)::float8 as rows,
  run_step.duration_ms::float8 as ms
from run_step
where run_step.run_id = (select max(run.run_id) from run where run.state = 'done')
