-- Whether a first backfill is filling table $1 without its keys: until its batch ends, nobody can read it.
select exists (
  select 1
  from pg_locks
  where pg_locks.locktype = 'relation'
    and pg_locks.relation = $1::text::regclass
    and pg_locks.mode = 'AccessExclusiveLock'
) as is_locked
