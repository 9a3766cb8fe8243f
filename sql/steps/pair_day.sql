-- What each pair did on each day of the batch: the fact that everything else follows from. A repair also looks at rows
-- of days that are not processed: none may be there.
--! reads: batch_tap, batch_day, batch_user, user_key, pair_day
--! stored: processed_day
--! writes: pair_day, changed_pair_day
--! fills: pair_day
--! grain: u1_key, u2_key, day
with fresh as (
  select
    key1.user_key as u1_key,
    key2.user_key as u2_key,
    batch_tap.day,
    batch_tap.tap_count,
    batch_tap.first_tap_at,
    batch_tap.last_tap_at
  from batch_tap
  join user_key as key1 on key1.user_id = batch_tap.u1
  join user_key as key2 on key2.user_id = batch_tap.u2
  where batch_tap.ignored_because is null
), stored as (
  select
    pair_day.u1_key,
    pair_day.u2_key,
    pair_day.day,
    pair_day.tap_count,
    pair_day.first_tap_at,
    pair_day.last_tap_at
  from pair_day
  join batch_day on batch_day.day = pair_day.day
  union all
  select
    pair_day.u1_key,
    pair_day.u2_key,
    pair_day.day,
    pair_day.tap_count,
    pair_day.first_tap_at,
    pair_day.last_tap_at
  from pair_day
  left join processed_day on processed_day.day = pair_day.day
  left join batch_day on batch_day.day = pair_day.day
  where exists (select from batch_user)
    and processed_day.day is null
    and batch_day.day is null
), compared as (
  select
    u1_key,
    u2_key,
    day,
    fresh.tap_count,
    fresh.first_tap_at,
    fresh.last_tap_at,
    stored.tap_count is not null as is_stored,
    (fresh.tap_count, fresh.first_tap_at, fresh.last_tap_at)
      is distinct from (stored.tap_count, stored.first_tap_at, stored.last_tap_at) as differs
  from fresh
  full join stored using (u1_key, u2_key, day)
), deleted as (
  delete from pair_day as target
  using compared
  where compared.differs
    and compared.tap_count is null
    and (target.u1_key, target.u2_key, target.day) = (compared.u1_key, compared.u2_key, compared.day)
  returning 1
), updated as (
  update pair_day as target
  set (tap_count, first_tap_at, last_tap_at) = row(compared.tap_count, compared.first_tap_at, compared.last_tap_at)
  from compared
  where compared.differs
    and compared.tap_count is not null
    and compared.is_stored
    and (target.u1_key, target.u2_key, target.day) = (compared.u1_key, compared.u2_key, compared.day)
  returning 1
), inserted as (
  insert into pair_day (u1_key, u2_key, day, tap_count, first_tap_at, last_tap_at)
  select
    compared.u1_key,
    compared.u2_key,
    compared.day,
    compared.tap_count,
    compared.first_tap_at,
    compared.last_tap_at
  from compared
  where compared.differs
    and not compared.is_stored
  order by compared.day, compared.u1_key, compared.u2_key
  returning 1
), noted as (
  insert into changed_pair_day (u1_key, u2_key, day)
  select compared.u1_key, compared.u2_key, compared.day
  from compared
  left join batch_day on batch_day.day = compared.day
  where compared.differs or batch_day.forced
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
