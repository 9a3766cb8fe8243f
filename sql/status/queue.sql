-- Changes of taps and users that capture has noted and no run has looked at yet.
select count(*)::float8 as queued_count
from change_queue
