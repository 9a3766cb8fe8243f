-- Who holds the run lock: $1 the class of its key, $2 the schema.
select
  activity.application_name as name,
  locks.pid,
  to_char(activity.xact_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') as since
from pg_locks as locks
left join pg_stat_activity as activity on activity.pid = locks.pid
where locks.locktype = 'advisory'
  and locks.granted
  and locks.database = (select oid from pg_database where datname = current_database())
  and locks.classid = $1::bigint::oid
  and locks.objid = (hashtext($2)::bigint & 4294967295)::oid
  and locks.objsubid = 2
