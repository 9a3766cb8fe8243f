-- Opens a run: $1 the command, $2 the host, $3 the process.
insert into run (run_id, command, state, started_at, host, pid)
select coalesce(max(run_id), 0) + 1, $1::text, 'running', now(), $2::text, $3::integer
from run
returning run_id
