-- The last runs.
select
  run.run_id,
  run.command,
  run.state,
  to_char(run.started_at, 'YYYY-MM-DD HH24:MI:SS"Z"') as started_at,
  (extract(epoch from coalesce(run.ended_at, now()) - run.started_at) * 1000)::float8 as duration_ms,
  run.day_count,
  run.tap_count::float8 as tap_count,
  coalesce(written.row_count, 0)::float8 as row_count,
  run.message
from run
left join (
  select run_step.run_id, sum(run_step.rows_inserted + run_step.rows_updated + run_step.rows_deleted) as row_count
  from run_step
  group by run_step.run_id
) as written on written.run_id = run.run_id
order by run.run_id desc
limit 5
