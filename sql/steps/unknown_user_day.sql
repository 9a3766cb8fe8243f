-- Days with taps of users who are not in users, so that the days are known when one is added. A repair also removes rows of
-- days that are not processed.
--! reads: batch_tap, batch_day, batch_user, unknown_user_day
--! stored: processed_day
--! writes: unknown_user_day
--! grain: day, user_hash
with fresh as (
  select distinct
    batch_tap.day,
    uuid_hash_extended(side.user_id, 0) as user_hash,
    side.is_known
  from batch_tap
  cross join lateral (
    values (batch_tap.u1, batch_tap.unknown_sides = 2), (batch_tap.u2, batch_tap.unknown_sides = 1)
  ) as side (user_id, is_known)
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
), written as (
  insert into unknown_user_day as target (day, user_hash, is_known)
  select fresh.day, fresh.user_hash, fresh.is_known
  from fresh
  on conflict (day, user_hash) do update set is_known = excluded.is_known
  where target.is_known <> excluded.is_known
  returning xmax = 0 as is_new
)
select
  (count(*) filter (where is_new))::integer as inserted,
  (count(*) filter (where not is_new))::integer as updated,
  (select count(*) from deleted)::integer as deleted
from written
