-- Days with taps of users who are not in users, so that capture knows what to look at again when one is added. A
-- repair also removes rows of days that are not processed.
--! reads: batch_tap, batch_day, batch_user, unknown_user_day
--! stored: processed_day
--! writes: unknown_user_day
--! grain: day, user_hash
with fresh as (
  select batch_tap.day, uuid_hash_extended(batch_tap.u1, 0) as user_hash
  from batch_tap
  where batch_tap.ignored_because = 'unknown user'
  union
  select batch_tap.day, uuid_hash_extended(batch_tap.u2, 0)
  from batch_tap
  where batch_tap.ignored_because = 'unknown user'
), stored as (
  select unknown_user_day.day, unknown_user_day.user_hash
  from unknown_user_day
  join batch_day on batch_day.day = unknown_user_day.day
  union all
  select unknown_user_day.day, unknown_user_day.user_hash
  from unknown_user_day
  left join processed_day on processed_day.day = unknown_user_day.day
  left join batch_day on batch_day.day = unknown_user_day.day
  where exists (select from batch_user)
    and processed_day.day is null
    and batch_day.day is null
), deleted as (
  delete from unknown_user_day as target
  using stored
  left join fresh on fresh.day = stored.day and fresh.user_hash = stored.user_hash
  where fresh.day is null
    and (target.day, target.user_hash) = (stored.day, stored.user_hash)
  returning 1
), inserted as (
  insert into unknown_user_day (day, user_hash)
  select fresh.day, fresh.user_hash
  from fresh
  left join stored on stored.day = fresh.day and stored.user_hash = fresh.user_hash
  where stored.day is null
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  0 as updated,
  (select count(*) from deleted)::integer as deleted
