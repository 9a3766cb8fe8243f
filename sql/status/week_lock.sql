-- Whether a first backfill is filling the weeks without their keys: until its batch ends, nobody can read them.
select exists (
  select 1
  from pg_locks
  where pg_locks.locktype = 'relation'
    and pg_locks.relation = 'user_week_activity'::regclass
    and pg_locks.mode = 'AccessExclusiveLock'
) as is_locked
