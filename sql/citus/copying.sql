-- Figures that are distributed have no moment in common: whoever reads all of them copies them while nobody writes.
-- Both take an advisory lock for that, which a role that may only read can take too. Each statement by itself.

--: copy (beside others who copy; without a limit, for a batch may take minutes and ends by itself)
set local lock_timeout = 0;
select pg_advisory_xact_lock_shared({{key}});

--: write (once nobody copies; the wait is not one for somebody who forgot to commit)
with given as materialized (
  select current_setting('lock_timeout') as lock_timeout
)
select
  set_config('lock_timeout', '0', true),
  pg_advisory_xact_lock({{key}}),
  set_config('lock_timeout', given.lock_timeout, true)
from given
